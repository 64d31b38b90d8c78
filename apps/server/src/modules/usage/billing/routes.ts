import { billingEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { getBilling } from './get-billing.ts'
import { getDraft, getInvoice, listInvoices } from './invoices.ts'
import { sendInvoice } from './send-invoice.ts'
import { openCheckout } from './stripe/checkout.ts'
import { openPortal } from './stripe/portal.ts'
import { takeEvent } from './stripe/take-event.ts'

/** Mounts the plan that is paid for, invoices, and paying through Stripe. */
export function mountBilling(http: Http): void {
  http.route(billingEndpoints.getBilling, (ctx) => getBilling(ctx))
  http.route(billingEndpoints.listInvoices, (ctx, { query }) => listInvoices(ctx, query))
  http.route(billingEndpoints.getInvoice, (ctx, { params }) => getInvoice(ctx, params.id))
  http.route(billingEndpoints.exportInvoice, (ctx, { params }, { reply }) => sendInvoice(ctx, params.id, reply))
  http.route(billingEndpoints.getInvoiceDraft, (ctx) => getDraft(ctx))
  http.route(billingEndpoints.openCheckout, (ctx, { body }, { idempotency }) => openCheckout(ctx, body, idempotency))
  http.route(billingEndpoints.openPortal, (ctx) => openPortal(ctx))
  http.publicRoute(billingEndpoints.takeStripeEvent, async (ctx, _input, { request, signedBody }) => {
    await takeEvent(ctx, signedBody, request.headers['stripe-signature'])
    return { received: true as const }
  })
}
