import type { Db } from '../../platform/database/index.ts'
import { listPasskeys } from './passkeys/store.ts'
import { getPasswordHash } from './store.ts'

/** How a person can sign in. Whoever takes one away does it in a transaction with `lockUser`, and leaves another. */
export async function waysToSignIn(db: Db, userId: string): Promise<('password' | 'passkey')[]> {
  const passkeys = await listPasskeys(db, userId)
  return [
    ...((await getPasswordHash(db, userId)) === null ? [] : ['password' as const]),
    ...(passkeys.some(({ blockedAt }) => blockedAt === null) ? ['passkey' as const] : []),
  ]
}
