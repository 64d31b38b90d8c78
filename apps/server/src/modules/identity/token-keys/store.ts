import { type Selectable, sql } from 'kysely'
import type { Database } from '../../../platform/context.ts'
import type { Db } from '../../../platform/database/index.ts'
import type {} from './tables.ts'

export type TokenKeyRow = Selectable<Database['tokenKeys']>

/** Any number, the same in every release: of several processes that want a new key, one makes it. */
const lockKey = 727_565_402

/** Held to the end of the transaction. */
export async function lockTokenKeys(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(lockKey)})`.execute(db)
}

/** Those that are still good, newest first. */
export function listTokenKeys(db: Db, now: Date): Promise<TokenKeyRow[]> {
  return db
    .selectFrom('tokenKeys')
    .selectAll()
    .where((or) => or.or([or('goodUntil', 'is', null), or('goodUntil', '>', now)]))
    .orderBy('signsFrom', 'desc')
    .orderBy('createdAt', 'desc')
    .execute()
}

export async function insertTokenKey(db: Db, key: TokenKeyRow): Promise<void> {
  await db.insertInto('tokenKeys').values(key).execute()
}

/** Has every key end by then, and forgets those that have ended. */
export async function endTokenKeys(db: Db, goodUntil: Date, now: Date): Promise<void> {
  await db
    .updateTable('tokenKeys')
    .set({ goodUntil })
    .where((or) => or.or([or('goodUntil', 'is', null), or('goodUntil', '>', goodUntil)]))
    .execute()
  await db.deleteFrom('tokenKeys').where('goodUntil', '<=', now).execute()
}
