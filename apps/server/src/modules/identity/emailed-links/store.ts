import { sql } from 'kysely'
import { newId } from '../../../platform/crypto/index.ts'
import type { Db } from '../../../platform/database/index.ts'
import type { LinkPurpose } from './tables.ts'

const uniqueViolation = '23505'

export interface NewLink {
  purpose: LinkPurpose
  tokenHash: string
  email: string
  userId: string | null
  invitationId: string | null
  expiresAt: Date
}

export async function insertLink(db: Db, link: NewLink, now: Date): Promise<void> {
  await db
    .insertInto('emailedLinks')
    .values({ id: newId(), ...link, createdAt: now })
    .execute()
}

/**
 * How many mails with links went to an address since then. Until the transaction ends nobody else counts those to the same
 * address, so that two at once do not both send the last one.
 */
export async function countLinksTo(db: Db, email: string, since: Date): Promise<number> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`emailed links ${email}`}, 0))`.execute(db)
  const { count } = await db
    .selectFrom('emailedLinks')
    .select((row) => row.fn.countAll<string>().as('count'))
    .where('email', '=', email)
    .where('createdAt', '>', since)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** The link with this token, if it still works for one of these purposes. */
export function findLink(db: Db, tokenHash: string, purposes: LinkPurpose[], now: Date) {
  return db
    .selectFrom('emailedLinks')
    .selectAll()
    .where('tokenHash', '=', tokenHash)
    .where('purpose', 'in', purposes)
    .where('expiresAt', '>', now)
    .executeTakeFirst()
}

/** Uses up the link: of two who try at once, one gets it. */
export function takeLink(db: Db, tokenHash: string, purposes: LinkPurpose[], now: Date) {
  return db
    .deleteFrom('emailedLinks')
    .where('tokenHash', '=', tokenHash)
    .where('purpose', 'in', purposes)
    .where('expiresAt', '>', now)
    .returningAll()
    .executeTakeFirst()
}

/** Every link of the person's account stops working. */
export async function deleteLinksOf(db: Db, userId: string): Promise<void> {
  await db.deleteFrom('emailedLinks').where('userId', '=', userId).execute()
}

/** Links by which an account for this address could be made stop working. */
export async function deleteSignUpLinks(db: Db, email: string): Promise<void> {
  await db.deleteFrom('emailedLinks').where('email', '=', email).where('purpose', '=', 'sign-up').execute()
}

export async function deleteExpiredLinks(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('emailedLinks').where('expiresAt', '<', before).execute()
}

/** Whose account it is, for mails and checks. */
export function findAccount(db: Db, by: { email: string } | { userId: string }) {
  const query = db
    .selectFrom('users')
    .select(['id', 'email', 'name', 'passwordHash', 'emailVerifiedAt'])
    .where('kind', '=', 'person')
  return ('email' in by ? query.where('email', '=', by.email) : query.where('id', '=', by.userId)).executeTakeFirst()
}

export async function markEmailVerified(db: Db, userId: string, now: Date): Promise<void> {
  await db
    .updateTable('users')
    .set({ emailVerifiedAt: now, updatedAt: now })
    .where('id', '=', userId)
    .where('emailVerifiedAt', 'is', null)
    .execute()
}

/** Answers false when someone else has the address; the transaction is lost then. */
export async function setEmail(
  db: Db,
  userId: string,
  email: { email: string; emailVerifiedAt: Date | null },
  now: Date,
): Promise<boolean> {
  try {
    await db
      .updateTable('users')
      .set({ ...email, updatedAt: now })
      .where('id', '=', userId)
      .execute()
    return true
  } catch (error) {
    if ((error as { code?: string }).code === uniqueViolation) return false
    throw error
  }
}
