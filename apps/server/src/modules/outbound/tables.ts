import type { ColumnType } from 'kysely'

interface OutboundTable {
  workspaceId: string
  /** As people write them, in small letters. */
  hosts: ColumnType<string[], string, string>
  changedBy: string
  changedAt: Date
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    outbound: OutboundTable
  }
}
