import type { Billing, Subscription } from '@parley/contract'
import type { Ctx } from '../../../platform/context.ts'
import { countPeople } from '../../identity/index.ts'
import { standingOf } from '../limits/limit-settings.ts'
import { presentPlan } from '../limits/present.ts'
import { takesPayments } from './stripe/ask-stripe.ts'
import { graceMs } from './stripe/read-subscription.ts'
import { type CustomerRow, findCustomer } from './stripe/store.ts'

/** The plan of the actor's workspace, why it has it, and how it is paid. */
export async function getBilling(ctx: Ctx): Promise<Billing> {
  const { workspaceId } = ctx.actor
  const [{ plan, source }, people, customer] = await Promise.all([
    standingOf(ctx, workspaceId),
    countPeople(ctx.db, workspaceId),
    findCustomer(ctx.db, workspaceId),
  ])
  return {
    plan: presentPlan(plan),
    planSource: source,
    people,
    payments: takesPayments(ctx),
    hasCustomer: customer !== undefined,
    subscription: customer ? presentSubscription(customer) : null,
  }
}

function presentSubscription(row: CustomerRow): Subscription | null {
  const { status, planId, interval, priceMicroUsd, people, currentPeriodEnd, cancelAt, pastDueSince } = row
  if (status === null || interval === null || currentPeriodEnd === null) return null
  return {
    status,
    planId,
    interval,
    priceMicroUsd,
    people: people ?? 1,
    currentPeriodEnd: currentPeriodEnd.toISOString(),
    cancelAt: cancelAt?.toISOString() ?? null,
    graceEndsAt: pastDueSince ? new Date(pastDueSince.getTime() + graceMs).toISOString() : null,
  }
}
