import type { Clock } from '../context.ts'
import type { Redis } from '../redis/index.ts'
import { type Rate, stateOf, take } from './gcra.ts'
import { takeScript } from './gcra-script.ts'

/** Something that is counted, and how fast it may go. */
export interface Bucket {
  /** Which limit it is, a token: `person`, `messages`. Told to callers. */
  name: string
  /** Whose count it is; not told to callers. */
  key: string
  rate: Rate
}

/** Where a bucket stands. */
export interface Standing<B extends Bucket = Bucket> {
  bucket: B
  refused: boolean
  /** How many may come at once now. */
  remaining: number
  /** Until there is one more of them. */
  oneMoreAfterMs: number
  /** Until all of it is there again. */
  fullAfterMs: number
}

export interface Outcome<B extends Bucket = Bucket> {
  taken: boolean
  standings: Standing<B>[]
}

/** Counts what happens, and says when it is too much. In this process, or in Redis for all processes together. */
export interface Limiter {
  /** Takes one from each bucket, or from none when one has none left. */
  take<B extends Bucket>(buckets: readonly B[]): Outcome<B> | Promise<Outcome<B>>
  /** Gives one back to each: what was taken for came to nothing. */
  giveBack(buckets: readonly Bucket[]): void
  /** Looks, takes nothing. */
  look<B extends Bucket>(buckets: readonly B[]): Outcome<B> | Promise<Outcome<B>>
  /** Forgets what was taken. */
  reset(bucket: Bucket): void
  /** `process` where Redis is not configured, or away at the moment. */
  countsIn(): 'redis' | 'process'
}

const prefix = 'parley:{limits}:' // the braces keep the keys together on a cluster
const keptBuckets = 200_000

/**
 * A limiter over `redis`; without it, or while it is away, the process counts by itself. It goes on from what Redis said of
 * a bucket last, so that nobody has all of a limit again because Redis went away.
 */
export function createLimiter(clock: Clock, redis: Redis | undefined): Limiter {
  const paidUntil = new Map<string, number>()

  function inProcess<B extends Bucket>(buckets: readonly B[], cost: number): Outcome<B> {
    const now = clock.now().getTime() * 1000
    const paid = buckets.map(({ key }) => paidUntil.get(key) ?? 0)
    const outcome = outcomeOf(buckets, now, paid, cost)
    if (cost !== 0) remember(buckets, now, outcome.paidUntil)
    return outcome
  }

  async function inRedis<B extends Bucket>(buckets: readonly B[], cost: number, redis: Redis): Promise<Outcome<B>> {
    const keys = buckets.map(({ key }) => prefix + key)
    const args = [String(cost), ...buckets.flatMap(({ rate }) => [String(rate.intervalUs), String(rate.burst)])]
    const answer = await redis.run(takeScript, keys, args)
    if (!Array.isArray(answer)) return inProcess(buckets, cost)
    const [now, ...paid] = answer as [number, ...number[]]
    const outcome = outcomeOf(buckets, now, paid, cost)
    const ahead = clock.now().getTime() * 1000 - now // our clock is another
    const times = outcome.paidUntil.map((due) => due + ahead)
    remember(buckets, now + ahead, times)
    return outcome
  }

  function remember(buckets: readonly Bucket[], now: number, times: readonly number[]): void {
    for (let i = 0; i < buckets.length; i++) {
      const { key } = buckets[i]!
      paidUntil.delete(key) // back in at the end: the first keys are those not asked for for the longest time
      if (times[i]! > now) paidUntil.set(key, times[i]!)
    }
    for (const [oldest, due] of paidUntil) {
      if (paidUntil.size <= keptBuckets && due > now) break
      paidUntil.delete(oldest)
    }
  }

  const change = <B extends Bucket>(buckets: readonly B[], cost: number) => {
    if (redis === undefined || buckets.length === 0) return inProcess(buckets, cost)
    return inRedis(buckets, cost, redis)
  }
  return {
    take: (buckets) => change(buckets, 1),
    giveBack: (buckets) => void change(buckets, -1),
    look: (buckets) => change(buckets, 0),
    reset: (bucket) => void change([bucket], -bucket.rate.burst),
    countsIn: () => (redis?.isHere() ? 'redis' : 'process'),
  }
}

/** What a take came to, by the times up to which the buckets were paid before it; `paidUntil`: after it. */
function outcomeOf<B extends Bucket>(
  buckets: readonly B[],
  now: number,
  paid: readonly number[],
  cost: number,
): Outcome<B> & { paidUntil: number[] } {
  const due = buckets.map(({ rate }, i) => take(paid[i]!, now, rate, cost))
  const taken = !due.includes(undefined)
  const paidUntil = taken ? (due as number[]) : [...paid]
  const standings = buckets.map((bucket, i) => {
    const { remaining, oneMoreAfterUs, fullAfterUs } = stateOf(paidUntil[i]!, now, bucket.rate)
    return {
      bucket,
      refused: due[i] === undefined,
      remaining,
      oneMoreAfterMs: Math.ceil(oneMoreAfterUs / 1000),
      fullAfterMs: Math.ceil(fullAfterUs / 1000),
    }
  })
  return { taken, standings, paidUntil }
}
