import { z } from 'zod'
import { AppError, notFound } from '../../../../platform/errors.ts'
import type { PublicCtx } from '../../../../platform/http/index.ts'
import { openStripe, takesPayments } from './ask-stripe.ts'
import { findWorkspaceOfCustomer, isKnownEvent } from './store.ts'
import { syncCustomer } from './sync-customer.ts'

/** How old a signature may be: the library's own measure. */
const toleranceSeconds = 300

/** What is read of an event; the rest is Stripe's own. */
const eventSchema = z.looseObject({
  id: z.string().min(1).max(255),
  type: z.string().max(255),
  data: z.looseObject({
    object: z.looseObject({
      object: z.string().optional(),
      id: z.string().optional(),
      customer: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish(),
      client_reference_id: z.string().nullish(),
    }),
  }),
})
type Event = z.output<typeof eventSchema>

/** Events after which the subscription may be another. */
const relevant = /^(customer\.(deleted|subscription\.)|checkout\.session\.|invoice\.(paid|payment_))/

/**
 * Takes an event that Stripe sends. It is acknowledged once it counts, or where it never will; else Stripe sends it again.
 * Which workspace it is about, the customer alone decides.
 * @throws AppError not_found (payments are off), signature_invalid, payments_unavailable
 */
export async function takeEvent(ctx: PublicCtx, body: Buffer | undefined, signature: unknown): Promise<void> {
  if (!takesPayments(ctx)) throw notFound('address')
  const event = await readSigned(ctx, body, signature)
  if (!relevant.test(event.type)) return
  const { id, type } = event
  const customer = customerOf(event)
  const workspaceId = customer === undefined ? undefined : await findWorkspaceOfCustomer(ctx.db, customer)
  if (workspaceId === undefined) {
    ctx.log.warn({ eventId: id, type, customer }, 'An event of Stripe’s is about a customer that is no workspace.')
    return
  }
  const claimed = event.data.object.client_reference_id
  if (typeof claimed === 'string' && claimed !== workspaceId) {
    ctx.log.warn({ eventId: id, type, customer, workspaceId }, 'A payment names another workspace than its customer.')
    return
  }
  if (await isKnownEvent(ctx.db, id)) return
  await syncCustomer(ctx, workspaceId, { id, type })
}

async function readSigned(ctx: PublicCtx, body: Buffer | undefined, signature: unknown): Promise<Event> {
  const stripe = await openStripe(ctx)
  const receivedAt = ctx.clock.now().getTime()
  const secret = ctx.secrets.stripeWebhookSecret ?? ''
  try {
    if (body === undefined || typeof signature !== 'string' || secret === '') throw new Error('nothing to verify')
    const event = stripe.webhooks.constructEvent(body, signature, secret, toleranceSeconds, undefined, receivedAt)
    return eventSchema.parse(event)
  } catch (cause) {
    if (cause instanceof z.ZodError) throw new AppError('invalid_request', 'This is no event of Stripe’s.', { cause })
    // The library's words repeat the body.
    throw new AppError('signature_invalid', 'The event does not carry a signature of Stripe’s that is valid now.')
  }
}

function customerOf({ data: { object } }: Event): string | undefined {
  if (object.object === 'customer') return object.id
  const { customer } = object
  return typeof customer === 'string' ? customer : customer?.id
}
