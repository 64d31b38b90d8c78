export { type EffectiveLimits, effectiveLimits, type Limit } from './limits/effective-limits.ts'
export { migrations } from './migrations.ts'
export { type Call, recordCall } from './record-call.ts'
