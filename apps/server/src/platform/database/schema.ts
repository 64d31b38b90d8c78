import type { ColumnType, Kysely } from 'kysely'

/**
 * Every table of the database, by name. The platform knows no module, so each module adds its own tables in its `tables.ts` by declaration merging:
 *
 * ```ts
 * import type { ColumnType } from 'kysely'
 *
 * export interface ConversationsTable { id: string; title: string; createdAt: ColumnType<Date, Date, never> }
 *
 * declare module '../../platform/database/schema.ts' {
 *   interface Database { conversations: ConversationsTable }
 * }
 * ```
 *
 * The path is relative to the module's file and ends in `.ts`; the file must have an import or export of its own.
 */
export interface Database {
  migrations: MigrationsTable
}

/** Which migrations this database has had; written by `migrate` alone. */
export interface MigrationsTable {
  name: string
  checksum: string
  appliedAt: ColumnType<Date, never, never>
}

/** The whole database, or a transaction on it: a Kysely `Transaction` is a `Db` too, so behaviours take either. */
export type Db = Kysely<Database>
