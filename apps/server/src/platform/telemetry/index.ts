export { createLog } from './log.ts'
export { redactFields } from './redact.ts'
