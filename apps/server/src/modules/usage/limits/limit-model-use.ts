import type { Ctx } from '../../../platform/context.ts'
import { tooMany } from '../../../platform/limits/index.ts'
import { effectiveLimits } from './effective-limits.ts'
import { messageBucket } from './limit-buckets.ts'

/**
 * Counts a message against the limits of the model it goes to, once that is known; most models have none.
 * @throws AppError rate_limited
 */
export async function limitModelUse(ctx: Ctx, model: string): Promise<void> {
  const { plan, requests } = await effectiveLimits(ctx, { model })
  const buckets = requests.filter(({ subject }) => subject.kind === 'model').map((one) => messageBucket(one, plan.name))
  if (buckets.length === 0) return
  const outcome = await ctx.limiter.take(buckets)
  if (!outcome.taken) throw tooMany(outcome, ctx.clock.now())
}
