export { type AuditAct, type AuditCtx, type AuditSubject, audit } from './audit.ts'
export { auditRead } from './audit-read.ts'
export {
  type ChainKey,
  chainKey,
  firstHash,
  hashEntry,
  installationChain,
  makeAnchor,
  type Place,
  parseAnchor,
} from './chain.ts'
export { migrations } from './migrations.ts'
export { auditChannel } from './write-entries.ts'
