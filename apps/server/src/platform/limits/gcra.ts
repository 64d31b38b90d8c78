/** `burst` at once, then one every `intervalUs` microseconds: `limit` within any window on the long run. */
export interface Rate {
  intervalUs: number
  burst: number
}

/** So many within a window, all of them at once if need be. Whole microseconds, so that the arithmetic is exact. */
export function rateOf(limit: number, windowSeconds: number, burst = limit): Rate {
  return { intervalUs: Math.max(1, Math.round((windowSeconds * 1e6) / limit)), burst }
}

/**
 * The generic cell rate algorithm: of a bucket all that is kept is the time up to which everything in it is paid for.
 * Answers that time after `cost` was taken, or undefined when it is too soon. A cost below 0 gives back, 0 looks.
 * Twin of the script in gcra-script.ts; times are microseconds.
 */
export function take(paidUntil: number, now: number, rate: Rate, cost: number): number | undefined {
  const owedUs = owed(paidUntil, now, rate) + cost * rate.intervalUs
  return cost > 0 && owedUs > rate.burst * rate.intervalUs ? undefined : now + owedUs
}

/** At most the whole bucket. What is further ahead comes from before the clock was set back, and counts for nothing. */
function owed(paidUntil: number, now: number, { intervalUs, burst }: Rate): number {
  const [ahead, full] = [paidUntil - now, burst * intervalUs]
  return ahead < 0 || ahead > 2 * full ? 0 : Math.min(ahead, full)
}

/** Where a bucket stands: how many may come at once now, when there is one more of them, when it is full again. */
export function stateOf(paidUntil: number, now: number, rate: Rate) {
  const { intervalUs, burst } = rate
  const owedUs = owed(paidUntil, now, rate)
  const remaining = Math.max(0, Math.floor((burst * intervalUs - owedUs) / intervalUs))
  const oneMoreAfterUs = owedUs === 0 ? intervalUs : owedUs - (burst - remaining - 1) * intervalUs
  return { remaining, oneMoreAfterUs, fullAfterUs: owedUs }
}
