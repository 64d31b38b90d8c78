import { billingEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { getBilling } from './get-billing.ts'
import { getDraft, getInvoice, listInvoices } from './invoices.ts'
import { sendInvoice } from './send-invoice.ts'

/** Mounts the plan that is paid for, and invoices. */
export function mountBilling(http: Http): void {
  http.route(billingEndpoints.getBilling, (ctx) => getBilling(ctx))
  http.route(billingEndpoints.listInvoices, (ctx, { query }) => listInvoices(ctx, query))
  http.route(billingEndpoints.getInvoice, (ctx, { params }) => getInvoice(ctx, params.id))
  http.route(billingEndpoints.exportInvoice, (ctx, { params }, { reply }) => sendInvoice(ctx, params.id, reply))
  http.route(billingEndpoints.getInvoiceDraft, (ctx) => getDraft(ctx))
}
