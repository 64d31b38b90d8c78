import type { BodyOf, limitEndpoints, Plan, WorkspacePlan } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { listWorkspaceNames } from '../../identity/index.ts'
import { checkPrices } from '../billing/stripe/check-prices.ts'
import { claimPlan } from './claim-plan.ts'
import { announceLimits, decidePlan, standingOf } from './limit-settings.ts'
import { isOperator, operatorWorkspaceId, requireOperator } from './operator.ts'
import { presentPlan } from './present.ts'
import * as store from './store.ts'

/** All plans, the smallest first. */
export async function listPlans(ctx: Ctx): Promise<Plan[]> {
  return (await store.listPlans(ctx.db)).map(presentPlan)
}

/**
 * Changes a plan for every workspace on it, at once. A new rate comes with a burst of a whole hour, unless another is
 * given beside it.
 * @throws AppError forbidden, not_found, unprocessable, payments_unavailable
 */
export async function updatePlan(
  ctx: Ctx,
  id: string,
  change: BodyOf<typeof limitEndpoints.updatePlan>,
): Promise<Plan> {
  await requireOperator(ctx)
  const before = (await store.listPlans(ctx.db)).find((plan) => plan.id === id)
  if (before === undefined) throw notFound('plan')
  const requestsPerHour = change.requestsPerHour === undefined ? before.requestsPerHour : change.requestsPerHour
  const kept = change.requestsPerHour === undefined ? before.requestBurst : requestsPerHour
  const requestBurst = change.requestBurst === undefined ? kept : change.requestBurst
  if ((requestsPerHour === null) !== (requestBurst === null)) {
    throw new AppError('unprocessable', 'Requests an hour and how many may come at once go together.', {
      fields: [{ pointer: '/requestBurst', message: 'Set both, or neither.' }],
    })
  }
  const after = { ...before, ...change }
  await checkPrices(ctx, before, after)
  await refuseSoldElsewhere(ctx, after)
  const row = await inTransaction(ctx, async (tx) => {
    const changed = await store.updatePlan(tx.db, id, {
      ...change,
      requestsPerHour,
      requestBurst,
      updatedAt: tx.clock.now(),
    })
    if (changed === undefined) throw notFound('plan')
    const subject = { kind: 'plan', id, name: changed.name }
    await audit(tx, { action: 'plan.changed', subject, before, after: changed, workspaces: 'installation' })
    return changed
  })
  ctx.log.info({ plan: id, by: ctx.actor.userId, change }, 'A plan was changed.')
  announceLimits(ctx)
  return presentPlan(row)
}

/** A price in Stripe buys one plan. @throws AppError unprocessable */
async function refuseSoldElsewhere(ctx: Ctx, { id, stripeMonthlyPriceId, stripeYearlyPriceId }: store.PlanRow) {
  const others = (await store.listPlans(ctx.db)).filter((plan) => plan.id !== id)
  const taken = new Set(others.flatMap((plan) => [plan.stripeMonthlyPriceId, plan.stripeYearlyPriceId]))
  const own = { stripeMonthlyPriceId, stripeYearlyPriceId }
  for (const [field, price] of Object.entries(own)) {
    if (price === null || !taken.has(price)) continue
    const message = 'Another plan has this price.'
    throw new AppError('unprocessable', message, { fields: [{ pointer: `/${field}`, message }] })
  }
}

/** The workspace with its plan; for the operator every workspace of the installation, the oldest first. */
export async function listWorkspacePlans(ctx: Ctx): Promise<WorkspacePlan[]> {
  const operator = await isOperator(ctx)
  const own = await operatorWorkspaceId(ctx)
  const claims = new Map((await store.listWorkspacePlans(ctx.db)).map((row) => [row.workspaceId, row]))
  const seen = (await listWorkspaceNames(ctx.db)).filter(({ id }) => operator || id === ctx.actor.workspaceId)
  return seen.map(({ id, name }) => {
    const { planId = null, subscribedPlanId = null } = claims.get(id) ?? {}
    const decided = decidePlan(ctx, { planId, subscribedPlanId }, id === own)
    return { workspaceId: id, name, ...decided, subscribedPlanId, isOperator: id === own }
  })
}

/**
 * Puts a workspace on a plan, at once, whatever it pays for; null leaves it to its subscription, or the default.
 * @throws AppError forbidden, not_found, unprocessable when there is no such plan
 */
export async function setWorkspacePlan(ctx: Ctx, workspaceId: string, planId: string | null): Promise<WorkspacePlan> {
  await requireOperator(ctx)
  const workspace = (await listWorkspaceNames(ctx.db)).find(({ id }) => id === workspaceId)
  if (workspace === undefined) throw notFound('workspace')
  if (planId !== null && !(await store.listPlans(ctx.db)).some(({ id }) => id === planId)) {
    throw new AppError('unprocessable', 'There is no such plan.', {
      fields: [{ pointer: '/planId', message: 'Choose one of the plans.' }],
    })
  }
  await inTransaction(ctx, (tx) => claimPlan(tx, workspaceId, { planId }))
  ctx.log.info({ plan: planId, workspaceId, by: ctx.actor.userId }, 'A workspace was put on a plan.')
  const { plan, source, subscribedPlanId } = await standingOf(ctx, workspaceId)
  return {
    workspaceId,
    name: workspace.name,
    planId: plan.id,
    source,
    subscribedPlanId,
    isOperator: workspaceId === (await operatorWorkspaceId(ctx)),
  }
}
