import type { Platform } from '../../../platform/context.ts'
import { findTotp, useStep } from './store.ts'
import { matchingStep } from './totp.ts'
import { limitTries } from './tries.ts'

/**
 * Whether this is a code that the person's authenticator app shows now, and was not used before.
 * @throws AppError rate_limited
 */
export function checkTotp(platform: Platform, userId: string, code: string): Promise<boolean> {
  return limitTries(platform, userId, async () => {
    const factor = await findTotp(platform.db, userId)
    if (factor?.secret == null) return false
    const step = matchingStep(platform.keyring.open(factor.secret, totpContext(userId)), code, platform.clock.now())
    // RFC 6238, section 5.2: a code is good once.
    return step !== undefined && useStep(platform.db, userId, step)
  })
}

/** What a secret is sealed for. */
export function totpContext(userId: string): string {
  return `totp:${userId}`
}
