import type { BillingInterval } from '@parley/contract'
import type { Ctx } from '../../../../platform/context.ts'
import { AppError } from '../../../../platform/errors.ts'
import type { PlanRow } from '../../limits/store.ts'
import { askStripe, isMissing } from './ask-stripe.ts'

const microUsdPerCent = 10_000
const fields = {
  month: { id: 'stripeMonthlyPriceId', amount: 'monthlyPriceMicroUsd' },
  year: { id: 'stripeYearlyPriceId', amount: 'yearlyPriceMicroUsd' },
} as const

type Priced = Pick<PlanRow, (typeof fields)[BillingInterval]['id'] | (typeof fields)[BillingInterval]['amount']>

/**
 * Refuses prices of a plan that Stripe would charge otherwise than the plan says, where they changed.
 * @throws AppError unprocessable, payments_unavailable
 */
export async function checkPrices(ctx: Ctx, before: Priced, after: Priced): Promise<void> {
  for (const interval of ['month', 'year'] as const) {
    const { id, amount } = fields[interval]
    const price = after[id]
    if (price === null || (price === before[id] && after[amount] === before[amount])) continue
    const problem = await problemOf(ctx, price, interval, after[amount])
    if (problem !== undefined) {
      throw new AppError('unprocessable', problem, { fields: [{ pointer: `/${id}`, message: problem }] })
    }
  }
}

async function problemOf(
  ctx: Ctx,
  id: string,
  interval: BillingInterval,
  amountMicroUsd: number | null,
): Promise<string | undefined> {
  const price = await askStripe(ctx, (stripe) => stripe.prices.retrieve(id)).catch((error) => {
    if (isMissing(error, 'price')) return undefined
    throw error
  })
  if (price === undefined) return 'There is no such price in Stripe.'
  if (!price.active) return 'This price is archived in Stripe.'
  const { recurring } = price
  if (recurring?.interval !== interval || recurring.interval_count !== 1 || recurring.usage_type !== 'licensed') {
    return `This price does not recur every ${interval}.`
  }
  if (price.currency !== 'usd' || price.billing_scheme !== 'per_unit' || price.unit_amount === null) {
    return 'This price is not one amount in US dollars.'
  }
  if (price.unit_amount * microUsdPerCent !== amountMicroUsd) {
    return `Stripe charges $${(price.unit_amount / 100).toFixed(2)} for this price: write the same amount beside it.`
  }
  return undefined
}
