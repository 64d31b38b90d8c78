import { createHash } from 'node:crypto'
import type { BillingInterval } from '@parley/contract'
import type { Ctx } from '../../../../platform/context.ts'
import { newId } from '../../../../platform/crypto/index.ts'
import { AppError } from '../../../../platform/errors.ts'
import type { Idempotency } from '../../../../platform/http/index.ts'
import { countPeople, findWorkspace, listOwners } from '../../../identity/index.ts'
import { standingOf } from '../../limits/limit-settings.ts'
import { listPlans, type PlanRow } from '../../limits/store.ts'
import { askStripe, isMissing, openStripe, requireStripePage } from './ask-stripe.ts'
import { isLive } from './read-subscription.ts'
import { deleteCustomer, findCustomer, insertCustomer } from './store.ts'
import { syncCustomer } from './sync-customer.ts'

/**
 * Opens a page of Stripe's on which the actor's workspace buys a plan. Nothing is bought before the person does it there:
 * the plan changes when Stripe says that it is paid.
 * @throws AppError unprocessable (not sold), conflict (nothing to buy), payments_unavailable
 */
export async function openCheckout(
  ctx: Ctx,
  { planId, interval }: { planId: string; interval: BillingInterval },
  idempotency: Idempotency | undefined,
): Promise<{ url: string }> {
  await openStripe(ctx)
  const { workspaceId } = ctx.actor
  const { plan, price } = await requireSold(ctx, planId, interval)
  const { source } = await standingOf(ctx, workspaceId)
  if (source === 'operator') {
    throw new AppError(
      'conflict',
      'Whoever runs this installation chose the plan of this workspace. Ask them for another.',
    )
  }
  // A payment that nobody told us of yet would be made twice.
  await syncCustomer(ctx, workspaceId)
  const known = await findCustomer(ctx.db, workspaceId)
  if (known?.status && isLive(known.status)) {
    throw new AppError('conflict', 'This workspace has a subscription. Change it under “Manage payment”.')
  }
  const people = plan.priceUnit === 'person' ? await countPeople(ctx.db, workspaceId) : 1
  const key = idempotency?.key ?? newId()
  const open = async () => createSession(ctx, { customer: await ensureCustomer(ctx), plan, price, people, key })
  try {
    return await open()
  } catch (error) {
    if (!isMissing(error, 'customer')) throw error
    // Deleted in Stripe, or of another account: the workspace becomes a new customer.
    if (known) await deleteCustomer(ctx.db, workspaceId, known.customerId)
    return await open()
  }
}

/** @throws AppError unprocessable */
async function requireSold(
  ctx: Ctx,
  planId: string,
  interval: BillingInterval,
): Promise<{ plan: PlanRow; price: string }> {
  const plan = (await listPlans(ctx.db)).find(({ id }) => id === planId)
  const price = interval === 'year' ? plan?.stripeYearlyPriceId : plan?.stripeMonthlyPriceId
  if (plan && price) return { plan, price }
  const message = plan ? `The plan ${plan.name} is not sold by the ${interval}.` : 'There is no such plan.'
  throw new AppError('unprocessable', message, { fields: [{ pointer: '/planId', message }] })
}

async function createSession(
  ctx: Ctx,
  {
    customer,
    plan,
    price,
    people,
    key,
  }: { customer: string; plan: PlanRow; price: string; people: number; key: string },
): Promise<{ url: string }> {
  const { workspaceId, userId } = ctx.actor
  const page = `${ctx.config.http.publicUrl}/settings/billing`
  const metadata = { workspaceId, planId: plan.id }
  const session = await askStripe(ctx, (stripe) =>
    stripe.checkout.sessions.create(
      {
        mode: 'subscription',
        customer,
        client_reference_id: workspaceId,
        line_items: [{ price, quantity: people }],
        metadata,
        subscription_data: { metadata },
        success_url: `${page}?checkout=done`,
        cancel_url: `${page}?checkout=cancelled`,
      },
      // Whoever repeats a request gets the page of the first one, and nobody that of another.
      { idempotencyKey: `parley-checkout-${hashed(workspaceId, userId, customer, key)}` },
    ),
  )
  return { url: requireStripePage(ctx, session.url) }
}

/** The customer that the actor's workspace is in Stripe; made at first need, once, whoever else asks at the same time. */
async function ensureCustomer(ctx: Ctx): Promise<string> {
  const { workspaceId, userId } = ctx.actor
  const known = await findCustomer(ctx.db, workspaceId)
  if (known) return known.customerId
  const [workspace, owners] = await Promise.all([findWorkspace(ctx.db, workspaceId), listOwners(ctx.db, workspaceId)])
  // Stripe sends receipts there.
  const email = (owners.find(({ id }) => id === userId) ?? owners[0])?.email
  const customer = await askStripe(ctx, (stripe) =>
    stripe.customers.create({
      ...(workspace ? { name: workspace.name } : {}),
      ...(email === undefined ? {} : { email }),
      metadata: { workspaceId },
    }),
  )
  await insertCustomer(ctx.db, workspaceId, customer.id, ctx.clock.now())
  // Of two that were made at once, the first one kept counts; the other stays empty.
  return (await findCustomer(ctx.db, workspaceId))?.customerId ?? customer.id
}

function hashed(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
