import type { ColumnType } from 'kysely'

interface PasskeysTable {
  id: string
  userId: string
  name: string
  /** As the authenticator names it, base64url. */
  credentialId: string
  /** COSE key, base64url. */
  publicKey: string
  /** How often it was used, as it says itself; 0 for ever where it does not count. */
  counter: number
  transports: ColumnType<string[], string, string>
  /** Kept by a provider that syncs it to other devices. */
  synced: boolean
  /** The make of the authenticator. */
  aaguid: string
  createdAt: Date
  lastUsedAt: Date | null
  /** Since when it is refused: its counter went back, so that a copy of it may be in use. */
  blockedAt: Date | null
}

interface PasskeyChallengesTable {
  /** Of the challenge. */
  hash: string
  purpose: 'register' | 'sign-in' | 'second-factor' | 'proof'
  /** Whom it was made for; null where it is the passkey that says who signs in. */
  userId: string | null
  /** Of the browser's secret, or the session's id: only there it can be answered. */
  boundTo: string
  expiresAt: Date
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    passkeys: PasskeysTable
    passkeyChallenges: PasskeyChallengesTable
  }
}
