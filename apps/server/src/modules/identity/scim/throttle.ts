import type { Platform } from '../../../platform/context.ts'
import { type NamedBucket, tooMany } from '../../../platform/limits/index.ts'

/** Entra ID asks for 25 requests a second, and a first synchronisation comes in a burst. */
const burst = 300
const perSecond = 25

/**
 * Counts a request of a directory, by its token: one that runs wild does not keep others from the server.
 * @throws AppError rate_limited
 */
export async function takeRequest(platform: Platform, tokenId: string): Promise<void> {
  const outcome = await platform.limiter.take([directoryBucket(tokenId)])
  if (!outcome.taken) throw tooMany(outcome, platform.clock.now())
}

export function directoryBucket(tokenId: string): NamedBucket {
  return {
    name: 'scim',
    key: `scim ${tokenId}`,
    rate: { burst, intervalUs: 1_000_000 / perSecond },
    limit: burst,
    windowSeconds: burst / perSecond,
    about: 'requests with this provisioning token',
    refusal: 'The directory sends too many requests.',
  }
}
