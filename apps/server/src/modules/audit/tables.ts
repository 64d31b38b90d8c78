/** What a workspace says about its log. */
interface AuditSettingsTable {
  workspaceId: string
  /** Entries older than this many days are removed. */
  retentionDays: number
  updatedAt: Date
}

/** Where the entries of a chain are sent, and how far they are. */
interface AuditStreamsTable {
  chain: string
  target: 'webhook' | 'syslog'
  /** Of a webhook; where syslog goes, the operator says. */
  url: string | null
  sealedSecret: string | null
  /** Number of the last entry that the receiver took. */
  deliveredSequence: number
  /** While a process is at it. */
  leaseUntil: Date
  /** Failures in a row. */
  attempts: number
  notBefore: Date
  lastError: string | null
  failingSince: Date | null
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    auditSettings: AuditSettingsTable
    auditStreams: AuditStreamsTable
  }
}

export type {}
