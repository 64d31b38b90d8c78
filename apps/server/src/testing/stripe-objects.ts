import type { Form } from './stripe-form.ts'

/** JSON of Stripe's. */
export type StripeObject = Record<string, unknown>

export interface Price {
  id: string
  cents: number
  interval: 'month' | 'year'
  active?: boolean
  currency?: string
}

export interface Subscription {
  id: string
  customer: string
  price: string
  itemId: string
  quantity: number
  status: string
  /** Seconds since 1970, as all of Stripe's times. */
  created: number
  currentPeriodEnd: number
  cancelAtPeriodEnd: boolean
  metadata: Record<string, string>
}

/* The objects as docs.stripe.com/api documents them, of version 2026-10-28. */

export function customerObject(id: string, form: Form): StripeObject {
  const { name = null, email = null, metadata = {} } = form
  return {
    id,
    object: 'customer',
    balance: 0,
    created: 1_790_000_000,
    currency: null,
    delinquent: false,
    description: null,
    email,
    invoice_prefix: 'A1B2C3D4',
    livemode: false,
    metadata,
    name,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
  }
}

export function priceObject({ id, cents, interval, active = true, currency = 'usd' }: Price): StripeObject {
  return {
    id,
    object: 'price',
    active,
    billing_scheme: 'per_unit',
    created: 1_790_000_000,
    currency,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: 'prod_test',
    recurring: { interval, interval_count: 1, meter: null, trial_period_days: null, usage_type: 'licensed' },
    tax_behavior: 'unspecified',
    type: 'recurring',
    unit_amount: cents,
    unit_amount_decimal: String(cents),
  }
}

export function checkoutSession(id: string, form: Form, url: string): StripeObject {
  return {
    id,
    object: 'checkout.session',
    amount_total: null,
    cancel_url: form.cancel_url,
    client_reference_id: form.client_reference_id ?? null,
    created: 1_790_000_000,
    currency: 'usd',
    customer: form.customer,
    expires_at: 1_790_086_400,
    livemode: false,
    metadata: form.metadata ?? {},
    mode: form.mode,
    payment_status: 'unpaid',
    status: 'open',
    subscription: null,
    success_url: form.success_url,
    url: `${url}/c/pay/${id}`,
  }
}

export function portalSession(id: string, form: Form, url: string): StripeObject {
  return {
    id,
    object: 'billing_portal.session',
    configuration: 'bpc_test',
    created: 1_790_000_000,
    customer: form.customer,
    flow: null,
    livemode: false,
    locale: null,
    on_behalf_of: null,
    return_url: form.return_url,
    url: `${url}/p/session/${id}`,
  }
}

export function subscriptionObject(subscription: Subscription, price: Price): StripeObject {
  const { id, customer, itemId, quantity, status, created, currentPeriodEnd, cancelAtPeriodEnd, metadata } =
    subscription
  const item = {
    id: itemId,
    object: 'subscription_item',
    created,
    current_period_end: currentPeriodEnd,
    current_period_start: created,
    discounts: [],
    metadata: {},
    price: priceObject(price),
    quantity,
    subscription: id,
    tax_rates: [],
  }
  return {
    id,
    object: 'subscription',
    application: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: created,
    cancel_at: null,
    cancel_at_period_end: cancelAtPeriodEnd,
    canceled_at: null,
    collection_method: 'charge_automatically',
    created,
    currency: 'usd',
    customer,
    ended_at: null,
    items: listOf([item], `/v1/subscription_items?subscription=${id}`),
    latest_invoice: null,
    livemode: false,
    metadata,
    pause_collection: null,
    start_date: created,
    status,
    trial_end: null,
    trial_start: null,
  }
}

export function listOf(data: StripeObject[], url: string): StripeObject {
  return { object: 'list', data, has_more: false, url }
}
