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
  return [
    ...(totp ? ['totp' as const] : []),
    ...(passkey ? ['passkey' as const] : []),
    ...(codes ? ['recovery-code' as const] : []),
  ]
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
