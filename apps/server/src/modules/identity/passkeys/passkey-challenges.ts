import type { Platform } from '../../../platform/context.ts'
import { hashToken } from '../../../platform/crypto/index.ts'
import { deletePasskeyChallenge, insertPasskeyChallenge } from './store.ts'

/** What a passkey is asked for. */
export interface Asked {
  purpose: 'register' | 'sign-in' | 'second-factor' | 'proof'
  /** The session's id, or the hash of the browser's secret: nowhere else it can be answered. */
  boundTo: string
  /** Null where it is the passkey that says who it is. */
  userId: string | null
}

/** A page that offers passkeys may stay open for a while. */
const challengeMs = 10 * 60_000

/** Notes a challenge that was given out. */
export async function askPasskey(platform: Platform, challenge: string, asked: Asked): Promise<void> {
  const now = platform.clock.now()
  const expiresAt = new Date(now.getTime() + challengeMs)
  await insertPasskeyChallenge(platform.db, { hash: hashToken(challenge), ...asked, expiresAt }, now)
}

/** Whether the challenge was given out for just this; it is used up. */
export function usePasskeyChallenge(platform: Platform, challenge: string, asked: Asked): Promise<boolean> {
  return deletePasskeyChallenge(platform.db, hashToken(challenge), asked, platform.clock.now())
}
