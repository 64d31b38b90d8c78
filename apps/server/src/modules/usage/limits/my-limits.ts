import type { MyLimits } from '@parley/contract'
import type { Ctx } from '../../../platform/context.ts'
import { presentStanding } from '../../../platform/limits/index.ts'
import { effectiveLimits } from './effective-limits.ts'
import { actorBuckets, messageBucket } from './limit-buckets.ts'
import { isOperator } from './operator.ts'
import { presentPlan } from './present.ts'

/** What limits the actor now, with what is left: the plan's first, then the pace. */
export async function getMyLimits(ctx: Ctx): Promise<MyLimits> {
  const { plan, requests, tokensPerDay } = await effectiveLimits(ctx)
  const buckets = [
    ...requests.map((limit) => messageBucket(limit, plan.name)),
    ...actorBuckets(ctx, ctx.actor, 'expensive'),
  ]
  const { standings } = await ctx.limiter.look(buckets)
  const now = ctx.clock.now()
  return {
    plan: presentPlan(plan),
    operator: await isOperator(ctx),
    requests: standings.map((standing) => presentStanding(standing, now)),
    tokensPerDay: tokensPerDay.map(({ subject, counted, amount, setBy }) => ({ subject, counted, amount, setBy })),
    countedIn: ctx.limiter.countsIn(),
    degraded: ctx.redis !== undefined && !ctx.redis.isHere(),
  }
}
