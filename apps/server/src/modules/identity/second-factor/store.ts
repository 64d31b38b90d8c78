import type { SecondFactorMethod } from '@parley/contract'
import { sql } from 'kysely'
import type { Db } from '../../../platform/database/index.ts'
import '../passkeys/tables.ts'
import './tables.ts'

/**
 * What a person can show as second factor. Whoever has an authenticator app or a passkey has one; recovery codes alone are
 * none, and stand in for either.
 */
export async function secondFactorsOf(db: Db, userId: string): Promise<SecondFactorMethod[]> {
  const { rows } = await sql<{ totp: boolean; passkey: boolean; codes: boolean }>`
    select
      exists (select from "totpFactors" where "userId" = ${userId} and "secret" is not null) as "totp",
      exists (select from "passkeys" where "userId" = ${userId}) as "passkey",
      exists (select from "recoveryCodes" where "userId" = ${userId}) as "codes"`.execute(db)
  const { totp = false, passkey = false, codes = false } = rows[0] ?? {}
  if (!totp && !passkey) return []
  const methods: SecondFactorMethod[] = []
  if (totp) methods.push('totp')
  if (passkey) methods.push('passkey')
  if (codes) methods.push('recovery-code')
  return methods
}

export function findTotp(db: Db, userId: string) {
  return db.selectFrom('totpFactors').selectAll().where('userId', '=', userId).executeTakeFirst()
}

/** An app that is being set up; one that is in use stays until `activateTotp`. */
export async function savePendingTotp(db: Db, userId: string, pendingSecret: string, pendingUntil: Date) {
  await db
    .insertInto('totpFactors')
    .values({ userId, secret: null, confirmedAt: null, pendingSecret, pendingUntil, lastStep: null })
    .onConflict((conflict) => conflict.column('userId').doUpdateSet({ pendingSecret, pendingUntil }))
    .execute()
}

/** Makes the pending app the one in use, if `pendingSecret` is still the pending one. */
export async function activateTotp(
  db: Db,
  userId: string,
  pendingSecret: string,
  lastStep: number,
  now: Date,
): Promise<boolean> {
  const row = await db
    .updateTable('totpFactors')
    .set({ secret: pendingSecret, confirmedAt: now, pendingSecret: null, pendingUntil: null, lastStep })
    .where('userId', '=', userId)
    .where('pendingSecret', '=', pendingSecret)
    .returning('userId')
    .executeTakeFirst()
  return row !== undefined
}

/** Whether no code of this time step or a later one was used yet; now one was. */
export async function useStep(db: Db, userId: string, step: number): Promise<boolean> {
  const row = await db
    .updateTable('totpFactors')
    .set({ lastStep: step })
    .where('userId', '=', userId)
    .where((totp) => totp.or([totp('lastStep', 'is', null), totp('lastStep', '<', step)]))
    .returning('userId')
    .executeTakeFirst()
  return row !== undefined
}

/** Whether there was an app in use. */
export async function clearTotp(db: Db, userId: string): Promise<boolean> {
  const row = await db
    .deleteFrom('totpFactors')
    .where('userId', '=', userId)
    .where('secret', 'is not', null)
    .returning('userId')
    .executeTakeFirst()
  return row !== undefined
}

export async function countRecoveryCodes(db: Db, userId: string): Promise<number> {
  const { count } = await db
    .selectFrom('recoveryCodes')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('userId', '=', userId)
    .executeTakeFirstOrThrow()
  return count
}

export async function insertRecoveryCodes(db: Db, userId: string, hashes: string[], now: Date): Promise<void> {
  await db
    .insertInto('recoveryCodes')
    .values(hashes.map((hash) => ({ hash, userId, createdAt: now })))
    .execute()
}

/** Whether there was such a code; it is gone. */
export async function deleteRecoveryCode(db: Db, userId: string, hash: string): Promise<boolean> {
  const row = await db
    .deleteFrom('recoveryCodes')
    .where('hash', '=', hash)
    .where('userId', '=', userId)
    .returning('hash')
    .executeTakeFirst()
  return row !== undefined
}

export async function deleteRecoveryCodes(db: Db, userId: string): Promise<void> {
  await db.deleteFrom('recoveryCodes').where('userId', '=', userId).execute()
}

/** Counts a try as failed, in one statement; false when it comes too early. After a day without tries all is forgiven. */
export async function countFailure(db: Db, userId: string, now: Date): Promise<boolean> {
  const { rows } = await sql`
    insert into "secondFactorTries" as "tries" ("userId", "failures", "nextAt") values (${userId}, 1, ${now})
    on conflict ("userId") do update set
      "failures" = case when "tries"."nextAt" < ${now}::timestamptz - interval '1 day' then 1
        else "tries"."failures" + 1 end,
      "nextAt" = ${now}::timestamptz + case
        when "tries"."nextAt" < ${now}::timestamptz - interval '1 day' or "tries"."failures" < 4 then interval '0'
        else least(interval '30 seconds' * power(2, least("tries"."failures" - 4, 10)), interval '1 hour') end
    where "tries"."nextAt" <= ${now}::timestamptz
    returning "failures"`.execute(db)
  return rows.length > 0
}

export async function getNextTry(db: Db, userId: string): Promise<Date | undefined> {
  const row = await db.selectFrom('secondFactorTries').select('nextAt').where('userId', '=', userId).executeTakeFirst()
  return row?.nextAt
}

export async function clearTries(db: Db, userId: string): Promise<void> {
  await db.deleteFrom('secondFactorTries').where('userId', '=', userId).execute()
}

export interface NewChallenge {
  id: string
  tokenHash: string
  browserHash: string
  userId: string
  workspaceId: string
  method: string
  /** JSON. */
  provider: string | null
  expiresAt: Date
}

/** Stores a challenge, and drops the expired ones. */
export async function insertChallenge(db: Db, challenge: NewChallenge, now: Date): Promise<void> {
  await db.deleteFrom('secondFactorChallenges').where('expiresAt', '<=', now).execute()
  await db
    .insertInto('secondFactorChallenges')
    .values({ ...challenge, tries: 0, createdAt: now })
    .execute()
}

interface ChallengeKey {
  tokenHash: string
  browserHash: string
}

/** The challenge, with `tries` more tries counted; undefined when it is unknown, over, or was tried too often. */
export function tryChallenge(db: Db, key: ChallengeKey, now: Date, { tries, most }: { tries: number; most: number }) {
  return db
    .updateTable('secondFactorChallenges')
    .set((challenge) => ({ tries: challenge('tries', '+', tries) }))
    .where('tokenHash', '=', key.tokenHash)
    .where('browserHash', '=', key.browserHash)
    .where('expiresAt', '>', now)
    .where('tries', '<', most)
    .returning(['id', 'userId', 'workspaceId', 'method', 'provider'])
    .executeTakeFirst()
}

/** Whether it was still there: of several who end it at once, one does. */
export async function deleteChallenge(db: Db, id: string): Promise<boolean> {
  const row = await db.deleteFrom('secondFactorChallenges').where('id', '=', id).returning('id').executeTakeFirst()
  return row !== undefined
}

/** Sign-ins of the person that wait for their second factor have to begin again. */
export async function deleteChallenges(db: Db, userId: string): Promise<void> {
  await db.deleteFrom('secondFactorChallenges').where('userId', '=', userId).execute()
}

/** The session has shown a second factor, and with it that it is the person. */
export async function markSecondFactorShown(db: Db, sessionId: string, now: Date): Promise<void> {
  await db.updateTable('sessions').set({ secondFactorAt: now, provenAt: now }).where('id', '=', sessionId).execute()
}

export function findPolicy(db: Db, workspaceId: string) {
  return db
    .selectFrom('secondFactorPolicies')
    .select(['required', 'requiredFrom'])
    .where('workspaceId', '=', workspaceId)
    .executeTakeFirst()
}

/** A policy that is in force keeps the time since when. */
export async function savePolicy(
  db: Db,
  policy: { workspaceId: string; required: boolean; requiredFrom: Date; updatedBy: string },
  now: Date,
): Promise<void> {
  const { workspaceId, ...changes } = { ...policy, updatedAt: now }
  await db
    .insertInto('secondFactorPolicies')
    .values({ workspaceId, ...changes })
    .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet(changes))
    .execute()
}

/** Whether any workspace of the person asks for a second factor, in its time of grace or after. */
export async function isSecondFactorRequired(db: Db, userId: string): Promise<boolean> {
  const row = await db
    .selectFrom('secondFactorPolicies')
    .innerJoin('memberships', 'memberships.workspaceId', 'secondFactorPolicies.workspaceId')
    .select('memberships.userId')
    .where('memberships.userId', '=', userId)
    .where('secondFactorPolicies.required', '=', true)
    .executeTakeFirst()
  return row !== undefined
}

export async function isInOtherWorkspaces(db: Db, userId: string, workspaceId: string): Promise<boolean> {
  const row = await db
    .selectFrom('memberships')
    .select('userId')
    .where('userId', '=', userId)
    .where('workspaceId', '!=', workspaceId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Removes everything that could be shown as second factor. */
export async function deleteFactors(db: Db, userId: string): Promise<void> {
  await db.deleteFrom('totpFactors').where('userId', '=', userId).execute()
  await db.deleteFrom('passkeys').where('userId', '=', userId).execute()
  await deleteRecoveryCodes(db, userId)
  await clearTries(db, userId)
  await deleteChallenges(db, userId)
}
