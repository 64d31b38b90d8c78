import type { Platform } from '../../../../platform/context.ts'
import { countPeople } from '../../../identity/index.ts'
import { listPlans } from '../../limits/store.ts'
import { askStripe, takesPayments } from './ask-stripe.ts'
import { findCustomer, listWorkspacesToCheck } from './store.ts'
import { syncCustomer } from './sync-customer.ts'

/**
 * Looks after every subscription: takes over what no event told, ends plans whose payment is late for too long, and has
 * those with a price for each person pay for as many as there are.
 */
export async function checkSubscriptions(platform: Platform, signal: AbortSignal): Promise<void> {
  if (!takesPayments(platform)) return
  for (const workspaceId of await listWorkspacesToCheck(platform.db)) {
    if (signal.aborted) return
    try {
      await syncCustomer(platform, workspaceId)
      if (await payForPeople(platform, workspaceId)) await syncCustomer(platform, workspaceId)
    } catch (error) {
      platform.log.warn({ err: error, workspaceId }, 'A subscription could not be checked; it is tried again.')
    }
  }
}

/** Says whether it changed for how many people a workspace pays. */
async function payForPeople(platform: Platform, workspaceId: string): Promise<boolean> {
  const known = await findCustomer(platform.db, workspaceId)
  if (!known?.subscriptionId || (known.status !== 'active' && known.status !== 'trialing')) return false
  const plan = (await listPlans(platform.db)).find(({ id }) => id === known.planId)
  const people = await countPeople(platform.db, workspaceId)
  if (plan?.priceUnit !== 'person' || people === 0 || people === known.people) return false
  const { subscriptionId } = known
  await askStripe(platform, async (stripe) => {
    const { items } = await stripe.subscriptions.retrieve(subscriptionId)
    const [item] = items.data
    if (item) await stripe.subscriptions.update(subscriptionId, { items: [{ id: item.id, quantity: people }] })
  })
  platform.log.info({ workspaceId, people, before: known.people }, 'A workspace pays for another number of people.')
  return true
}
