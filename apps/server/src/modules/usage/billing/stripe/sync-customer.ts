import { isDeepStrictEqual } from 'node:util'
import { inTransaction, type Platform, whenCommitted } from '../../../../platform/context.ts'
import { AppError } from '../../../../platform/errors.ts'
import { emit } from '../../../../platform/outbox/index.ts'
import { claimPlan } from '../../limits/claim-plan.ts'
import { listPlans } from '../../limits/store.ts'
import { askStripe, isMissing } from './ask-stripe.ts'
import { mailPastDue } from './past-due-mail.ts'
import { chooseSubscription, isEntitled, type KnownSubscription, planOfPrice } from './read-subscription.ts'
import { type CustomerRow, findCustomer, noteEvent, updateCustomer } from './store.ts'

const attempts = 8

/**
 * Brings what Parley knows of a workspace's subscription up to date. Stripe's events come twice, late and in any order, so
 * none is believed: each, like the hourly look, only has the present state fetched. What was fetched before another took
 * its own over is thrown away and fetched again, so that the last state fetched is the one that stays.
 * @throws AppError payments_unavailable; then nothing is changed
 */
export async function syncCustomer(
  platform: Platform,
  workspaceId: string,
  event?: { id: string; type: string },
): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const row = await findCustomer(platform.db, workspaceId)
    if (row === undefined) return
    const { chosen, live } = chooseSubscription(await fetchSubscriptions(platform, row.customerId))
    if (live > 1) {
      const { customerId } = row
      platform.log.warn({ workspaceId, customerId, live }, 'A workspace pays for several subscriptions in Stripe.')
    }
    if (await takeOver(platform, row, chosen, event)) return
  }
  throw new AppError('unavailable', 'The subscription is changing right now.', { retryAfterSeconds: 5 })
}

async function fetchSubscriptions(platform: Platform, customer: string) {
  try {
    const list = await askStripe(platform, (stripe) =>
      stripe.subscriptions.list({ customer, status: 'all', limit: 100 }),
    )
    return list.data
  } catch (error) {
    if (isMissing(error, 'customer')) return []
    throw error
  }
}

/** False when something newer was taken over meanwhile. */
async function takeOver(
  platform: Platform,
  before: CustomerRow,
  found: KnownSubscription | undefined,
  event: { id: string; type: string } | undefined,
): Promise<boolean> {
  const { workspaceId } = before
  return inTransaction(platform, async (tx) => {
    const now = tx.clock.now()
    if (event && !(await noteEvent(tx.db, event, now))) return true
    const planId = found ? planOfPrice(await listPlans(tx.db), found.priceId, before) : null
    if (found && planId === null) {
      tx.log.error({ workspaceId, price: found.priceId }, 'A workspace pays a price in Stripe that no plan has.')
    }
    const pastDueSince = found?.status === 'past_due' ? (before.pastDueSince ?? now) : null
    if (!(await updateCustomer(tx.db, before, { ...(found ?? none), planId, pastDueSince, updatedAt: now }))) {
      throw new Overtaken()
    }
    if (!isDeepStrictEqual(found ?? none, knownOf(before))) {
      whenCommitted(tx, () => tx.bus.publish(`changes:workspace:${workspaceId}`, { type: 'billing-changed' }))
    }
    const isPaid = found !== undefined && isEntitled(found.status, pastDueSince, now)
    await claimPlan(tx, workspaceId, { subscribedPlanId: isPaid ? planId : null })
    if (pastDueSince !== null && before.pastDueSince === null) {
      await emit(tx, { type: 'subscription-past-due', workspaceId, subjectId: workspaceId, data: { planId } })
      await mailPastDue(tx, workspaceId, planId, pastDueSince)
    }
    return true
  }).catch((error) => {
    if (error instanceof Overtaken) return false
    throw error
  })
}

function knownOf(row: CustomerRow): KnownSubscription | typeof none {
  const names = Object.keys(none) as (keyof typeof none)[]
  return Object.fromEntries(names.map((name) => [name, row[name]])) as typeof none
}

const none = {
  subscriptionId: null,
  status: null,
  priceId: null,
  interval: null,
  priceMicroUsd: null,
  people: null,
  currentPeriodEnd: null,
  cancelAt: null,
}

/** Undoes the transaction, the note of the event with it. */
class Overtaken extends Error {}
