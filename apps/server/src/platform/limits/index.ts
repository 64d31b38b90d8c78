export { rateOf } from './gcra.ts'
export { type Bucket, createLimiter, type Limiter, type Outcome, type Standing } from './limiter.ts'
export { networkOf } from './network-of.ts'
export { type NamedBucket, presentStanding, tooMany } from './refusal.ts'
