import type { Platform } from '../../platform/context.ts'
import { hashToken } from '../../platform/crypto/index.ts'
import { type NamedBucket, networkOf, tooMany } from '../../platform/limits/index.ts'

const refusal = 'These were too many tries.'

/**
 * Counts a try to sign in (or up, with `account` undefined), before the costly hashing. Across processes, where Redis is.
 * @throws AppError rate_limited with the time to wait
 */
export async function takeTry(platform: Platform, address: string, account: string | undefined): Promise<void> {
  const network = networkOf(address)
  const buckets = account === undefined ? [ofAddress(network)] : [ofAddress(network), ofAccount(network, account)]
  const outcome = await platform.limiter.take(buckets)
  if (!outcome.taken) throw tooMany(outcome, platform.clock.now())
}

/** The password was right: earlier mistakes with this account are forgiven. */
export function forgiveTries(platform: Platform, address: string, account: string): void {
  platform.limiter.reset(ofAccount(networkOf(address), account))
}

/** By address alone: one password tried on many accounts. Wide, since an office may share an address. */
function ofAddress(network: string): NamedBucket {
  return {
    name: 'sign-in-address',
    key: `sign-in ${network}`,
    rate: { burst: 60, intervalUs: 1_000_000 },
    limit: 60,
    windowSeconds: 60,
    about: 'tries to sign in from your network address',
    refusal,
  }
}

/** By account and address together: whoever guesses from elsewhere cannot lock the owner of an account out. */
function ofAccount(network: string, account: string): NamedBucket {
  return {
    name: 'sign-in',
    key: `sign-in ${network} ${hashToken(account)}`,
    rate: { burst: 10, intervalUs: 15_000_000 },
    limit: 10,
    windowSeconds: 150,
    about: 'tries to sign in to this account from your network address',
    refusal,
  }
}
