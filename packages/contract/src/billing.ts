import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { planSchema, planSourceSchema } from './limits.ts'

/** A calendar month of the workspace: `2026-11`. */
export const monthSchema = z.string().regex(/^\d{4}-\d{2}$/)

export const billingIntervalSchema = z.enum(['month', 'year'])
export type BillingInterval = z.infer<typeof billingIntervalSchema>

/** A subscription's state, in Stripe's words. */
export const subscriptionStatuses = [
  'active',
  'trialing',
  'past_due',
  'unpaid',
  'paused',
  'incomplete',
  'incomplete_expired',
  'canceled',
] as const
export const subscriptionStatusSchema = z.enum(subscriptionStatuses)
export type SubscriptionStatus = z.infer<typeof subscriptionStatusSchema>

/** The fee for a plan, for the days of the month on which it held. */
const planLineSchema = z.object({
  kind: z.literal('plan'),
  planId: z.string(),
  name: z.string(),
  /** Days on this plan, of those the month has. */
  days: z.int(),
  daysInMonth: z.int(),
  /** People paid for; null where the price is for the workspace as a whole. */
  people: z.int().nullable(),
  /** A month's price, for the workspace or for each person. */
  monthlyPriceMicroUsd: z.int(),
  /** Stripe collects it, with receipts of its own: then the amount here is 0. */
  collectedByStripe: z.boolean(),
  /** Whole cents. */
  amountMicroUsd: z.int(),
})

/** What the calls of one model took while the workspace was on one plan, as the ledger has it. */
const usageLineSchema = z.object({
  kind: z.literal('usage'),
  model: z.string(),
  /** Null for calls from before plans. */
  planId: z.string().nullable(),
  calls: z.int(),
  /** Calls whose price is not known: their cost is not in `costMicroUsd`. */
  unpricedCalls: z.int(),
  inputTokens: z.int(),
  cachedInputTokens: z.int(),
  outputTokens: z.int(),
  reasoningTokens: z.int(),
  costMicroUsd: z.int(),
  /** Percent on top of the cost; null: usage is included in the plan. */
  markupPercent: z.int().nullable(),
  /** Whole cents; 0 where it is included. */
  amountMicroUsd: z.int(),
})

export const invoiceLineSchema = z.discriminatedUnion('kind', [planLineSchema, usageLineSchema])
export type InvoiceLine = z.infer<typeof invoiceLineSchema>
export type PlanLine = z.infer<typeof planLineSchema>
export type UsageLine = z.infer<typeof usageLineSchema>

const invoiceHead = {
  month: monthSchema,
  /** The instants that the calls on it were booked between; together invoices leave nothing out and count nothing twice. */
  periodStart: timeSchema,
  periodEnd: timeSchema,
  timeZone: z.string(),
  workspaceName: z.string(),
  /** Whose invoice it is: name, address, tax number, in lines. */
  issuer: z.string(),
  /** The sum of the amounts of its lines. */
  totalMicroUsd: z.int(),
  /** The sum of the costs in the ledger, whether they are charged or not. */
  usageCostMicroUsd: z.int(),
}

/** An invoice without its lines. `number` has no gaps in an installation. */
export const invoiceSummarySchema = z
  .object({ id: idSchema, number: z.string(), issuedAt: timeSchema, ...invoiceHead })
  .meta({ id: 'InvoiceSummary' })
export type InvoiceSummary = z.infer<typeof invoiceSummarySchema>

/** Made once the month is over, and never changed after. */
export const invoiceSchema = invoiceSummarySchema.extend({ lines: z.array(invoiceLineSchema) }).meta({ id: 'Invoice' })
export type Invoice = z.infer<typeof invoiceSchema>

/** What the next invoice comes to so far: the fee of the whole month, and the calls until now. */
export const invoiceDraftSchema = z
  .object({ ...invoiceHead, lines: z.array(invoiceLineSchema) })
  .meta({ id: 'InvoiceDraft' })
export type InvoiceDraft = z.infer<typeof invoiceDraftSchema>

export const subscriptionSchema = z
  .object({
    status: subscriptionStatusSchema,
    /** Null where no plan has the price that is paid. */
    planId: z.string().nullable(),
    interval: billingIntervalSchema,
    /** What is paid each time, for the workspace or for each person: what the plan cost when it was bought. */
    priceMicroUsd: z.int().nullable(),
    people: z.int(),
    /** When the period that is paid for ends: the next payment, unless it ends then. */
    currentPeriodEnd: timeSchema,
    /** When it ends, if it was cancelled. */
    cancelAt: timeSchema.nullable(),
    /** Of `past_due`: until when the plan stays without payment. */
    graceEndsAt: timeSchema.nullable(),
  })
  .meta({ id: 'Subscription' })
export type Subscription = z.infer<typeof subscriptionSchema>

export const billingSchema = z
  .object({
    plan: planSchema,
    planSource: planSourceSchema,
    /** People in the workspace: what a price for each person counts. */
    people: z.int(),
    /** Whether plans can be bought here. */
    payments: z.boolean(),
    /** Whether there is something to manage with the payment provider: cards, receipts, cancelling. */
    hasCustomer: z.boolean(),
    subscription: subscriptionSchema.nullable(),
  })
  .meta({ id: 'Billing' })
export type Billing = z.infer<typeof billingSchema>

/** Where to send the browser: a page of Stripe's. */
const redirectSchema = z.object({ url: z.url() })

export const billingEndpoints = {
  getBilling: endpoint({
    method: 'GET',
    path: '/api/v1/billing',
    tag: 'Billing',
    summary: 'The plan of the workspace, why it has it, and how it is paid',
    access: 'billing:read',
    response: billingSchema,
  }),
  listInvoices: endpoint({
    method: 'GET',
    path: '/api/v1/billing/invoices',
    tag: 'Billing',
    summary: 'Invoices of the workspace, newest first',
    access: 'billing:read',
    query: pageQuerySchema,
    response: pageOf(invoiceSummarySchema),
  }),
  getInvoice: endpoint({
    method: 'GET',
    path: '/api/v1/billing/invoices/{id}',
    tag: 'Billing',
    summary: 'An invoice with its lines',
    access: 'billing:read',
    params: z.object({ id: idSchema }),
    response: invoiceSchema,
  }),
  exportInvoice: endpoint({
    method: 'GET',
    path: '/api/v1/billing/invoices/{id}/export',
    tag: 'Billing',
    summary: 'The lines of an invoice as CSV (RFC 4180)',
    access: 'billing:read',
    params: z.object({ id: idSchema }),
    media: { response: ['text/csv'] },
    status: 200,
  }),
  getInvoiceDraft: endpoint({
    method: 'GET',
    path: '/api/v1/billing/draft',
    tag: 'Billing',
    summary: 'What the invoice of the running month comes to so far',
    access: 'billing:read',
    response: invoiceDraftSchema,
  }),
  openCheckout: endpoint({
    method: 'POST',
    path: '/api/v1/billing/checkout',
    tag: 'Billing',
    summary: 'Open a page on which the workspace buys a plan; it counts once it is paid there',
    access: 'billing:manage',
    body: z.object({ planId: z.string().min(1).max(50), interval: billingIntervalSchema.default('month') }),
    response: redirectSchema,
    cost: 'expensive',
    idempotent: true,
  }),
  openPortal: endpoint({
    method: 'POST',
    path: '/api/v1/billing/portal',
    tag: 'Billing',
    summary: 'Open the page on which the workspace changes how it pays, finds receipts, or cancels',
    access: 'billing:manage',
    response: redirectSchema,
    cost: 'expensive',
  }),
  takeStripeEvent: endpoint({
    method: 'POST',
    path: '/api/v1/billing/stripe-webhook',
    tag: 'Billing',
    summary: 'For Stripe alone: events, signed by the header Stripe-Signature',
    access: 'public',
    media: { request: 'application/json' },
    signedBody: true,
    response: z.object({ received: z.literal(true) }),
  }),
}
