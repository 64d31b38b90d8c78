import type { BillingInterval, SubscriptionStatus } from '@parley/contract'
import { subscriptionStatuses } from '@parley/contract'
import type { Stripe } from 'stripe'
import type { PlanRow } from '../../limits/store.ts'

/** What Parley keeps of a subscription. */
export interface KnownSubscription {
  subscriptionId: string
  status: SubscriptionStatus
  priceId: string
  interval: BillingInterval
  priceMicroUsd: number | null
  people: number
  currentPeriodEnd: Date
  cancelAt: Date | null
}

const microUsdPerCent = 10_000

const rank: Record<SubscriptionStatus, number> = {
  active: 0,
  trialing: 0,
  past_due: 1,
  unpaid: 2,
  paused: 2,
  incomplete: 3,
  incomplete_expired: 4,
  canceled: 4,
}

/** Whether it goes on, paid or not: then another one would be a second. */
export function isLive(status: SubscriptionStatus): boolean {
  return rank[status] <= 2
}

/** Of all that a customer ever had, the one that counts: one that is paid before one that is not, then the newest. */
export function chooseSubscription(all: readonly Stripe.Subscription[]): {
  chosen: KnownSubscription | undefined
  live: number
} {
  const known = all
    .map((one) => ({ read: readSubscription(one), created: one.created }))
    .flatMap(({ read, created }) => (read ? [{ ...read, created }] : []))
    .sort((one, other) => rank[one.status] - rank[other.status] || other.created - one.created)
  const [first] = known
  if (first === undefined) return { chosen: undefined, live: 0 }
  const { created: _, ...chosen } = first
  return { chosen, live: known.filter(({ status }) => isLive(status)).length }
}

/** Undefined for what sells nothing that Parley knows of. */
function readSubscription(subscription: Stripe.Subscription): KnownSubscription | undefined {
  const [item] = subscription.items.data
  const status = subscriptionStatuses.find((one) => one === subscription.status)
  const interval = (['month', 'year'] as const).find((one) => one === item?.price.recurring?.interval)
  if (item === undefined || status === undefined || interval === undefined) return undefined
  const currentPeriodEnd = fromSeconds(item.current_period_end)
  const unitAmount = item.price.currency === 'usd' ? item.price.unit_amount : null
  const endsAtPeriod = subscription.cancel_at_period_end ? currentPeriodEnd : null
  return {
    subscriptionId: subscription.id,
    status,
    priceId: item.price.id,
    interval,
    priceMicroUsd: unitAmount === null ? null : unitAmount * microUsdPerCent,
    people: item.quantity ?? 1,
    currentPeriodEnd,
    cancelAt: subscription.cancel_at === null ? endsAtPeriod : fromSeconds(subscription.cancel_at),
  }
}

/**
 * The plan that a price buys. One that was sold keeps its plan when the plan is sold at another price since: `before` is
 * what was known of the customer.
 */
export function planOfPrice(
  plans: readonly PlanRow[],
  priceId: string,
  before: { priceId: string | null; planId: string | null },
): string | null {
  const plan = plans.find((one) => one.stripeMonthlyPriceId === priceId || one.stripeYearlyPriceId === priceId)
  return plan?.id ?? (before.priceId === priceId ? before.planId : null)
}

/** How long a plan stays while a payment is late. */
export const graceMs = 14 * 86_400_000

/** Whether the subscription entitles to its plan at `now`. */
export function isEntitled(status: SubscriptionStatus, pastDueSince: Date | null, now: Date): boolean {
  if (status === 'active' || status === 'trialing') return true
  return status === 'past_due' && pastDueSince !== null && now.getTime() < pastDueSince.getTime() + graceMs
}

function fromSeconds(seconds: number): Date {
  return new Date(seconds * 1000)
}
