import type { Ctx } from '../../../../platform/context.ts'
import { AppError } from '../../../../platform/errors.ts'
import { askStripe, isMissing, openStripe, requireStripePage } from './ask-stripe.ts'
import { findCustomer } from './store.ts'

/**
 * Opens Stripe's page on which the actor's workspace changes its card, its plan or its mind, and finds its receipts.
 * @throws AppError unprocessable (not set up), conflict (nothing to manage yet), payments_unavailable
 */
export async function openPortal(ctx: Ctx): Promise<{ url: string }> {
  await openStripe(ctx)
  const known = await findCustomer(ctx.db, ctx.actor.workspaceId)
  if (known === undefined) throw nothingYet()
  try {
    const session = await askStripe(ctx, (stripe) =>
      stripe.billingPortal.sessions.create({
        customer: known.customerId,
        return_url: `${ctx.config.http.publicUrl}/settings/billing`,
      }),
    )
    return { url: requireStripePage(ctx, session.url) }
  } catch (error) {
    if (isMissing(error, 'customer')) throw nothingYet()
    throw error
  }
}

function nothingYet(): AppError {
  return new AppError('conflict', 'This workspace has paid for nothing yet. Choose a plan first.')
}
