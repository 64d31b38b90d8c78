export { migrations } from './migrations.ts'
export { type Call, recordCall } from './record-call.ts'
