import type { Platform } from '../../platform/context.ts'
import { findProvider } from './oidc/providers.ts'
import { listAccounts } from './oidc/store.ts'
import { countPasskeys } from './passkeys/store.ts'
import { getPasswordHash } from './store.ts'

export interface WaysToSignIn {
  password: boolean
  passkey: boolean
  /** Ids of connected accounts whose provider is there and can be used. */
  connectedAccounts: string[]
}

/** How a person can sign in. Whoever takes one away does it in a transaction with `lockUser`, and leaves another. */
export async function waysToSignIn(platform: Platform, userId: string): Promise<WaysToSignIn> {
  const accounts = await listAccounts(platform.db, userId)
  const offered = await Promise.all(accounts.map(({ providerId }) => findProvider(platform, providerId)))
  return {
    password: (await getPasswordHash(platform.db, userId)) !== null,
    passkey: (await countPasskeys(platform.db, userId)) > 0,
    connectedAccounts: accounts.filter((_, at) => offered[at] !== undefined).map(({ id }) => id),
  }
}
