import type { Platform } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { clearTries, countFailure, getNextTry } from './store.ts'

/**
 * Checks a code that could be guessed, at most so often per account, whatever the address: five tries, then one after 30
 * seconds, a minute, two … an hour. The try is counted before the check, so that many at once are no way around it. Only
 * whoever has shown the first factor comes here, and a passkey or a recovery code works all the while: nobody is locked out.
 * @throws AppError rate_limited
 */
export async function limitTries(platform: Platform, userId: string, check: () => Promise<boolean>): Promise<boolean> {
  const now = platform.clock.now()
  if (!(await countFailure(platform.db, userId, now))) {
    const next = await getNextTry(platform.db, userId)
    throw new AppError(
      'rate_limited',
      'Too many wrong codes. Wait a little, or use a passkey or a recovery code instead.',
      { retryAfterSeconds: Math.max(1, Math.ceil(((next ?? now).getTime() - now.getTime()) / 1000)) },
    )
  }
  const right = await check()
  if (right) await clearTries(platform.db, userId)
  return right
}
