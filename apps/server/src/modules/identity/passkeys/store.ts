import { newId } from '../../../platform/crypto/index.ts'
import type { Db } from '../../../platform/database/index.ts'
import type { Asked } from './passkey-challenges.ts'
import './tables.ts'

const columns = [
  'id',
  'userId',
  'name',
  'credentialId',
  'publicKey',
  'counter',
  'transports',
  'synced',
  'createdAt',
  'lastUsedAt',
  'blockedAt',
] as const

export type StoredPasskey = Awaited<ReturnType<typeof listPasskeys>>[number]

/** A person's passkeys, oldest first. */
export function listPasskeys(db: Db, userId: string) {
  return db.selectFrom('passkeys').select(columns).where('userId', '=', userId).orderBy('id').execute()
}

/** How many of a person's passkeys are good. */
export async function countPasskeys(db: Db, userId: string): Promise<number> {
  const { count } = await db
    .selectFrom('passkeys')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('userId', '=', userId)
    .where('blockedAt', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}

export function findPasskey(db: Db, credentialId: string) {
  return db.selectFrom('passkeys').select(columns).where('credentialId', '=', credentialId).executeTakeFirst()
}

/** The new passkey, or undefined when its credential is known already. */
export function insertPasskey(
  db: Db,
  passkey: {
    userId: string
    name: string
    credentialId: string
    publicKey: string
    counter: number
    transports: string[]
    synced: boolean
    aaguid: string
  },
  now: Date,
) {
  return db
    .insertInto('passkeys')
    .values({
      ...passkey,
      id: newId(),
      transports: JSON.stringify(passkey.transports),
      createdAt: now,
      lastUsedAt: null,
      blockedAt: null,
    })
    .onConflict((conflict) => conflict.column('credentialId').doNothing())
    .returning(columns)
    .executeTakeFirst()
}

/** Notes a use. False when the counter did not go up, though the authenticator counts, or it is blocked. */
export async function usePasskey(
  db: Db,
  id: string,
  { counter, synced }: { counter: number; synced: boolean },
  now: Date,
): Promise<boolean> {
  const row = await db
    .updateTable('passkeys')
    .set({ counter, synced, lastUsedAt: now })
    .where('id', '=', id)
    .where('blockedAt', 'is', null)
    .where((passkey) => (counter === 0 ? passkey('counter', '=', 0) : passkey('counter', '<', counter)))
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

export async function blockPasskey(db: Db, id: string, now: Date): Promise<void> {
  await db.updateTable('passkeys').set({ blockedAt: now }).where('id', '=', id).execute()
}

export function renamePasskey(db: Db, userId: string, id: string, name: string) {
  return db
    .updateTable('passkeys')
    .set({ name })
    .where('id', '=', id)
    .where('userId', '=', userId)
    .returning(columns)
    .executeTakeFirst()
}

export async function deletePasskey(db: Db, userId: string, id: string): Promise<boolean> {
  const row = await db
    .deleteFrom('passkeys')
    .where('id', '=', id)
    .where('userId', '=', userId)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Stores a challenge, and drops the expired ones. */
export async function insertPasskeyChallenge(
  db: Db,
  challenge: Asked & { hash: string; expiresAt: Date },
  now: Date,
): Promise<void> {
  await db.deleteFrom('passkeyChallenges').where('expiresAt', '<=', now).execute()
  await db.insertInto('passkeyChallenges').values(challenge).execute()
}

/** Whether there was this challenge, for this; it is gone. */
export async function deletePasskeyChallenge(db: Db, hash: string, asked: Asked, now: Date): Promise<boolean> {
  const row = await db
    .deleteFrom('passkeyChallenges')
    .where('hash', '=', hash)
    .where('purpose', '=', asked.purpose)
    .where('boundTo', '=', asked.boundTo)
    .where('userId', 'is not distinct from', asked.userId)
    .where('expiresAt', '>', now)
    .returning('hash')
    .executeTakeFirst()
  return row !== undefined
}
