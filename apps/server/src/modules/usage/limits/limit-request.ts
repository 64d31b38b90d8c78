import { type Actor, type Platform, perServer } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { type Charge, limitHeaders, type RequestLimits } from '../../../platform/http/index.ts'
import { type NamedBucket, networkOf, type Outcome, tooMany } from '../../../platform/limits/index.ts'
import { effectiveLimits } from './effective-limits.ts'
import { actorBuckets, addressBucket, messageBucket } from './limit-buckets.ts'

const keptNetworks = 10_000

/** Networks that send too much, and until when they are refused without looking at what they send. */
const refusedNetworks = perServer(() => new Map<string, number>())

/** Counts every request of the API: by address, by who acts, and what a plan allows. In one step: all of them, or none. */
export const requestLimits: RequestLimits = {
  refuseEarly(platform, address) {
    const networks = refusedNetworks(platform)
    if (networks.size === 0) return
    const network = networkOf(address)
    const until = networks.get(network)
    const now = platform.clock.now().getTime()
    if (until === undefined || until <= now) {
      networks.delete(network)
      return
    }
    throw new AppError('rate_limited', 'Too many requests come from your network address.', {
      retryAfterSeconds: Math.ceil((until - now) / 1000),
    })
  },

  async charge(platform, address, endpoint, actor) {
    const buckets = addressBucket(platform, address)
    if (actor !== undefined) buckets.push(...actorBuckets(platform, actor, endpoint.cost))
    const messages =
      actor !== undefined && endpoint.cost === 'message' ? await messageBuckets({ ...platform, actor }) : []
    buckets.push(...messages)
    if (buckets.length === 0) return free
    const outcome = await platform.limiter.take(buckets)
    if (!outcome.taken) {
      rememberNetwork(platform, address, outcome)
      throw tooMany(outcome, platform.clock.now())
    }
    const headers = limitHeaders(outcome.standings.map(told))
    return messages.length === 0 ? { headers } : { headers, giveBack: () => platform.limiter.giveBack(messages) }
  },
}

const free: Charge = { headers: {} }

/** Every limit on messages that applies to the actor. */
export async function messageBuckets(ctx: Platform & { actor: Actor }): Promise<NamedBucket[]> {
  const { plan, requests } = await effectiveLimits(ctx)
  return requests.map((limit) => messageBucket(limit, plan.name))
}

function told({ bucket, remaining, oneMoreAfterMs }: Outcome<NamedBucket>['standings'][number]) {
  const { name, limit, windowSeconds } = bucket
  return { name, limit, windowSeconds, remaining, oneMoreAfterSeconds: Math.ceil(oneMoreAfterMs / 1000) }
}

function rememberNetwork(platform: Platform, address: string, { standings }: Outcome<NamedBucket>): void {
  const refused = standings.find((standing) => standing.refused && standing.bucket.name === 'address')
  if (refused === undefined) return
  const networks = refusedNetworks(platform)
  networks.set(networkOf(address), platform.clock.now().getTime() + refused.oneMoreAfterMs)
  for (const oldest of networks.keys()) {
    if (networks.size <= keptNetworks) break
    networks.delete(oldest)
  }
}
