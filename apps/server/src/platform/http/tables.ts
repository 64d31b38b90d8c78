import type { ColumnType } from 'kysely'

/** A request that may be sent again without happening again, and what came of it. */
interface IdempotencyKeysTable {
  workspaceId: string
  userId: string
  key: string
  fingerprint: string
  state: 'running' | 'done' | 'failed'
  result: ColumnType<unknown, string | null, string | null>
  createdAt: Date
}

declare module '../database/schema.ts' {
  interface Database {
    idempotencyKeys: IdempotencyKeysTable
  }
}
