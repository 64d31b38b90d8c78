import type { LimitState } from '@parley/contract'
import { AppError } from '../errors.ts'
import { inWords } from './in-words.ts'
import type { Bucket, Outcome, Standing } from './limiter.ts'

/** A bucket, and how people are told of it. */
export interface NamedBucket extends Bucket {
  /** So many within the window. */
  limit: number
  windowSeconds: number
  /** Whose, in words: "your messages". */
  about: string
  /** A sentence that says what was too much. */
  refusal: string
}

/** A limit as answers tell it. */
export function presentStanding({ bucket, ...standing }: Standing<NamedBucket>, now: Date): LimitState {
  const { name, about, limit, windowSeconds } = bucket
  const { remaining, oneMoreAfterMs, fullAfterMs } = standing
  return {
    name,
    about,
    limit,
    windowSeconds,
    remaining,
    resetsAt: new Date(now.getTime() + fullAfterMs).toISOString(),
    retryAfterSeconds: remaining > 0 ? 0 : Math.ceil(oneMoreAfterMs / 1000),
  }
}

/** The refusal by that limit which lasts longest: rate_limited. */
export function tooMany(outcome: Outcome<NamedBucket>, now: Date): AppError {
  const refused = outcome.standings.filter((standing) => standing.refused)
  const longest = refused.reduce((most, one) => (one.oneMoreAfterMs > most.oneMoreAfterMs ? one : most))
  const limit = presentStanding(longest, now)
  const detail = `${longest.bucket.refusal} The next one is possible in ${inWords(limit.retryAfterSeconds)}.`
  return new AppError('rate_limited', detail, { limit })
}
