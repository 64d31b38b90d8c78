import type { BillingInterval, SubscriptionStatus } from '@parley/contract'

/** A workspace as Stripe knows it, with the subscription that counts; all but the first three null before there is one. */
export interface StripeCustomersTable {
  workspaceId: string
  customerId: string
  /** Counts what was taken over: what was asked before that is old. */
  version: number
  subscriptionId: string | null
  status: SubscriptionStatus | null
  priceId: string | null
  /** The plan that the price buys; null where no plan has it. */
  planId: string | null
  interval: BillingInterval | null
  /** What is paid each time, for the workspace or for each person; null for prices that are not one amount in US dollars. */
  priceMicroUsd: number | null
  people: number | null
  currentPeriodEnd: Date | null
  cancelAt: Date | null
  pastDueSince: Date | null
  createdAt: Date
  updatedAt: Date
}

/** Events that were taken, so that none counts twice; kept for a month. */
interface StripeEventsTable {
  id: string
  type: string
  receivedAt: Date
}

declare module '../../../../platform/database/schema.ts' {
  interface Database {
    stripeCustomers: StripeCustomersTable
    stripeEvents: StripeEventsTable
  }
}
