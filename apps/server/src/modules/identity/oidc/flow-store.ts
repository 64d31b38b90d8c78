import type { Insertable } from 'kysely'
import type { Database, Db } from '../../../platform/database/index.ts'
import './tables.ts'

/** Stores a sign-in that begins, and drops those that took too long an hour ago. */
export async function insertFlow(db: Db, flow: Insertable<Database['signInFlows']>, now: Date): Promise<void> {
  const old = new Date(now.getTime() - 60 * 60_000)
  await db.deleteFrom('signInFlows').where('expiresAt', '<', old).execute()
  await db.insertInto('signInFlows').values(flow).execute()
}

/** Marks it used, once; undefined where it is not there, was begun in another browser, or was used before. */
export function takeFlow(db: Db, by: { stateHash: string; browserHash: string }, now: Date) {
  return db
    .updateTable('signInFlows')
    .set({ usedAt: now })
    .where('stateHash', '=', by.stateHash)
    .where('browserHash', '=', by.browserHash)
    .where('usedAt', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

export function findFlow(db: Db, stateHash: string) {
  return db.selectFrom('signInFlows').selectAll().where('stateHash', '=', stateHash).executeTakeFirst()
}

/** Keeps what waits for a person to say that an account is theirs, one for each browser. */
export async function savePending(
  db: Db,
  pending: Insertable<Database['pendingConnections']>,
  now: Date,
): Promise<void> {
  const { browserHash: _, ...values } = pending
  await db.deleteFrom('pendingConnections').where('expiresAt', '<', now).execute()
  await db
    .insertInto('pendingConnections')
    .values(pending)
    .onConflict((conflict) => conflict.column('browserHash').doUpdateSet(values))
    .execute()
}

export function findPending(db: Db, browserHash: string, now: Date) {
  return db
    .selectFrom('pendingConnections')
    .selectAll()
    .where('browserHash', '=', browserHash)
    .where('expiresAt', '>', now)
    .executeTakeFirst()
}

/** Takes it away, so that it counts once. */
export async function takePending(db: Db, browserHash: string, now: Date) {
  return db
    .deleteFrom('pendingConnections')
    .where('browserHash', '=', browserHash)
    .where('expiresAt', '>', now)
    .returningAll()
    .executeTakeFirst()
}
