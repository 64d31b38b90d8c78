import type { AuditActorKind, AuditOutcome } from '@parley/contract'
import type { ColumnType } from 'kysely'

type Fields = ColumnType<Record<string, unknown> | null, string | null, never>

/** An entry of the audit log, as it was written. Rows are never changed; old ones are removed from the front. */
interface AuditEntriesTable {
  /** The workspace's id, or `installationChain`. */
  chain: string
  /** From 1, without a gap. */
  sequence: number
  id: string
  at: Date
  action: string
  outcome: AuditOutcome
  actorKind: AuditActorKind
  actorId: string | null
  credentialId: string | null
  subjectKind: string
  subjectId: string | null
  subjectName: string | null
  before: Fields
  after: Fields
  address: string | null
  userAgent: string | null
  requestId: string | null
  keyId: string
  previousHash: string
  hash: string
  seal: string
}

/** Where a chain ends, and, once entries were removed from the front, where it begins. Locked by whoever writes to it. */
interface AuditChainsTable {
  chain: string
  sequence: number
  hash: string
  /** Number and hash of the last entry that was removed, sealed; null while none was. */
  checkpointSequence: number | null
  checkpointHash: string | null
  checkpointSeal: string | null
  checkpointKeyId: string | null
}

declare module '../database/schema.ts' {
  interface Database {
    auditEntries: AuditEntriesTable
    auditChains: AuditChainsTable
  }
}
