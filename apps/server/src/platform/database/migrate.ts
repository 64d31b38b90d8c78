import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { DatabaseHandle } from './open-database.ts'
import type { Db } from './schema.ts'

/**
 * One step of the schema. `name` is unique for ever and never changes. `up` is SQL (several statements are fine), or a
 * function where SQL is not enough. A migration that has been released is never edited: write another.
 */
export interface Migration {
  name: string
  up: string | ((db: Db) => Promise<void>)
}

/** Any number, the same in every release: processes that start together wait for one another on it. */
const lockKey = 727_565_379

/**
 * Applies what is missing, in the order of the list and in one transaction: a failure changes nothing. Safe to call
 * from many processes at once. Migrations of a newer release that the list does not know are left alone.
 * @returns the names that were applied
 * @throws Error that names the migration: it failed, or its SQL is no longer the one that was applied
 */
export async function migrate(handle: DatabaseHandle, migrations: Migration[]): Promise<string[]> {
  refuseDuplicates(migrations)
  return handle.db.transaction().execute(async (db) => {
    await sql`set local statement_timeout = 0`.execute(db)
    await sql`select pg_advisory_xact_lock(${sql.lit(lockKey)})`.execute(db)
    await sql`create table if not exists "migrations" (
      "name" text primary key,
      "checksum" text not null,
      "appliedAt" timestamptz not null default now()
    )`.execute(db)
    const rows = await db.selectFrom('migrations').select(['name', 'checksum']).execute()
    const applied = new Map(rows.map((row) => [row.name, row.checksum]))
    warnOfUnknown(handle, applied, migrations)
    const pending = migrations.filter((migration) => isPending(migration, applied.get(migration.name)))
    for (const migration of pending) {
      await apply(db, migration)
      await db
        .insertInto('migrations')
        .values({ name: migration.name, checksum: migrationChecksum(migration) })
        .execute()
    }
    return pending.map((migration) => migration.name)
  })
}

/** SHA-256 of the SQL, whatever its white space; of a function only the name, as its text depends on the runtime. */
export function migrationChecksum(migration: Migration): string {
  const text =
    typeof migration.up === 'string' ? migration.up.replace(/\s+/g, ' ').trim() : `function ${migration.name}`
  return createHash('sha256').update(text).digest('hex')
}

async function apply(db: Db, migration: Migration): Promise<void> {
  try {
    if (typeof migration.up === 'string') await sql.raw(migration.up).execute(db)
    else await migration.up(db)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`migration ${migration.name} failed, and the database is as it was: ${reason}`, { cause })
  }
}

function isPending(migration: Migration, appliedChecksum: string | undefined): boolean {
  if (appliedChecksum === undefined) return true
  if (appliedChecksum === migrationChecksum(migration)) return false
  throw new Error(
    `migration ${migration.name} is not the one that this database had: an applied migration must not be edited. ` +
      'Run the release that the database comes from, or restore the migration and add another',
  )
}

function refuseDuplicates(migrations: Migration[]): void {
  const names = new Set<string>()
  for (const { name } of migrations) {
    if (names.has(name)) throw new Error(`there are two migrations with the name ${name}`)
    names.add(name)
  }
}

function warnOfUnknown(handle: DatabaseHandle, applied: Map<string, string>, migrations: Migration[]): void {
  const known = new Set(migrations.map((migration) => migration.name))
  const unknown = [...applied.keys()].filter((name) => !known.has(name))
  if (unknown.length > 0) handle.log.warn({ unknown }, 'The database has been used by a newer release.')
}
