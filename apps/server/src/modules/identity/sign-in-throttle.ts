import ipaddr from 'ipaddr.js'
import type { Platform } from '../../platform/context.ts'
import { perServer } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'

/** `burst` tries at once, then one every `everyMs`. */
interface Pace {
  burst: number
  everyMs: number
}

// By account and address together: whoever guesses from elsewhere cannot lock the owner of an account out.
const perAccountAndAddress: Pace = { burst: 10, everyMs: 15_000 }
// By address alone: one password tried on many accounts. Wide, since an office may share an address.
const perAddress: Pace = { burst: 60, everyMs: 1_000 }
const keptKeys = 50_000

/** Counts tries by the generic cell rate algorithm: per key the time at which all its tries will have been paid for. */
const paidUntil = perServer(() => new Map<string, number>())

/**
 * Counts a try to sign in (or up, with `account` undefined), before the costly hashing.
 * @throws AppError rate_limited with the time to wait
 */
export function countTry(platform: Platform, address: string, account: string | undefined): void {
  const network = networkOf(address)
  take(platform, `address ${network}`, perAddress)
  if (account !== undefined) take(platform, accountKey(network, account), perAccountAndAddress)
}

/** The password was right: earlier mistakes with this account are forgiven. */
export function forgiveTries(platform: Platform, address: string, account: string): void {
  paidUntil(platform).delete(accountKey(networkOf(address), account))
}

function take(platform: Platform, key: string, { burst, everyMs }: Pace): void {
  const times = paidUntil(platform)
  const now = platform.clock.now().getTime()
  const next = Math.max(times.get(key) ?? 0, now) + everyMs
  const waitMs = next - burst * everyMs - now
  if (waitMs > 0) {
    throw new AppError('rate_limited', 'Too many tries. Wait a little, then try again.', {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    })
  }
  times.delete(key) // back in at the end: the first keys are those not used for the longest time
  times.set(key, next)
  for (const oldest of times.keys()) {
    if (times.size <= keptKeys) break
    times.delete(oldest)
  }
}

function accountKey(network: string, account: string): string {
  return `account ${network} ${account}`
}

/** The address, or the /64 of an IPv6 address: one subscriber has a whole one. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  return parsed.kind() === 'ipv4' ? parsed.toString() : Buffer.from(parsed.toByteArray().slice(0, 8)).toString('hex')
}
