import type { Platform } from '../../platform/context.ts'
import { hashToken } from '../../platform/crypto/index.ts'
import { type NamedBucket, networkOf, tooMany } from '../../platform/limits/index.ts'
import type { Client } from './client.ts'

const refusal = 'These were too many tries.'

/**
 * Counts a try to sign in (or up, with `account` undefined), before the costly hashing. Across processes, where Redis is.
 * @throws AppError rate_limited with the time to wait
 */
export async function takeTry(platform: Platform, address: string, account: string | undefined): Promise<void> {
  const network = networkOf(address)
  await take(platform, account === undefined ? [ofAddress(network)] : [ofAddress(network), ofAccount(network, account)])
}

/**
 * Counts a try to sign in to an account with its password. A browser in which the person signed in before has a count of
 * its own: whoever guesses, also from the network that the person is in, cannot keep them out of it.
 * @throws AppError rate_limited
 */
export async function takePasswordTry(
  platform: Platform,
  { address, browser }: Client,
  account: string,
  isKnown: boolean,
) {
  await take(
    platform,
    isKnown
      ? [ofBrowser(browser ?? '', account)]
      : [ofAddress(networkOf(address)), ofAccount(networkOf(address), account), ofAccountAnywhere(account)],
  )
}

/** The password was right: earlier mistakes are forgiven, and this was none. */
export function forgivePasswordTries(
  platform: Platform,
  { address, browser }: Client,
  account: string,
  isKnown: boolean,
): void {
  platform.limiter.reset(isKnown ? ofBrowser(browser ?? '', account) : ofAccount(networkOf(address), account))
  if (!isKnown) platform.limiter.giveBack([ofAccountAnywhere(account)])
}

/**
 * Counts a sign-in through a provider that begins, or comes back: nothing is guessed there, but each costs a request
 * elsewhere.
 * @throws AppError rate_limited
 */
export async function takeProviderTry(platform: Platform, address: string): Promise<void> {
  const about = 'sign-ins through a provider from your network address'
  await take(platform, [bucket('provider-sign-in', networkOf(address), { burst: 120, everySeconds: 0.5 }, about)])
}

/**
 * Counts a request, by someone who is not signed in, that has a mail sent.
 * @throws AppError rate_limited
 */
export async function takeMailRequest(platform: Platform, address: string): Promise<void> {
  const about = 'mails asked for from your network address'
  await take(platform, [bucket('mail-request', networkOf(address), { burst: 15, everySeconds: 60 }, about)])
}

/**
 * Counts a password that somebody who is not signed in has us rate.
 * @throws AppError rate_limited
 */
export async function takeRating(platform: Platform, address: string): Promise<void> {
  const about = 'passwords rated for your network address'
  await take(platform, [bucket('password-rating', networkOf(address), { burst: 60, everySeconds: 1 }, about)])
}

/** The password was right: earlier mistakes with this account are forgiven. */
export function forgiveTries(platform: Platform, address: string, account: string): void {
  platform.limiter.reset(ofAccount(networkOf(address), account))
}

async function take(platform: Platform, buckets: NamedBucket[]): Promise<void> {
  const outcome = await platform.limiter.take(buckets)
  if (!outcome.taken) throw tooMany(outcome, platform.clock.now())
}

/** By address alone: one password tried on many accounts. Wide, since an office may share an address. */
function ofAddress(network: string): NamedBucket {
  const about = 'tries to sign in from your network address'
  return bucket('sign-in-address', network, { burst: 60, everySeconds: 1 }, about)
}

/** By account and address together: whoever guesses from elsewhere cannot lock the owner of an account out. */
function ofAccount(network: string, account: string): NamedBucket {
  const about = 'tries to sign in to this account from your network address'
  return bucket('sign-in', `${network} ${hashToken(account)}`, { burst: 10, everySeconds: 15 }, about)
}

function ofBrowser(browser: string, account: string): NamedBucket {
  const about = 'tries to sign in to this account in this browser'
  return bucket(
    'sign-in-browser',
    `${hashToken(browser)} ${hashToken(account)}`,
    { burst: 10, everySeconds: 15 },
    about,
  )
}

/** With a browser that its person never signed in with: a guesser who has many addresses slows down others who are new. */
function ofAccountAnywhere(account: string): NamedBucket {
  const about = 'tries to sign in to this account with a new browser'
  const why =
    'Somebody tries many passwords on this account. Use a browser in which you signed in before, or choose a new password by “Forgot your password?”.'
  return bucket('sign-in-anywhere', hashToken(account), { burst: 100, everySeconds: 30 }, about, why)
}

/** `burst` at once, then one every `everySeconds`. */
function bucket(
  name: string,
  whose: string,
  { burst, everySeconds }: { burst: number; everySeconds: number },
  about: string,
  why = refusal,
): NamedBucket {
  return {
    name,
    key: `${name} ${whose}`,
    rate: { burst, intervalUs: everySeconds * 1_000_000 },
    limit: burst,
    windowSeconds: burst * everySeconds,
    about,
    refusal: why,
  }
}
