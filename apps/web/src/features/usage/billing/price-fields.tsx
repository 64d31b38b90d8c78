import type { Plan } from '@parley/contract'
import { Select, TextField } from '@parley/ui'
import { useState } from 'react'
import { moneyText, readMoney } from './format-money.ts'

export type Prices = Pick<
  Plan,
  | 'monthlyPriceMicroUsd'
  | 'yearlyPriceMicroUsd'
  | 'priceUnit'
  | 'markupPercent'
  | 'stripeMonthlyPriceId'
  | 'stripeYearlyPriceId'
>

/** What is written into the fields about a plan's price, and what is wrong with it. */
export function usePrices(plan: Plan) {
  const [texts, setTexts] = useState({
    monthly: moneyText(plan.monthlyPriceMicroUsd),
    yearly: moneyText(plan.yearlyPriceMicroUsd),
    markup: String(plan.markupPercent ?? 0),
    stripeMonthly: plan.stripeMonthlyPriceId ?? '',
    stripeYearly: plan.stripeYearlyPriceId ?? '',
  })
  const [priceUnit, setPriceUnit] = useState(plan.priceUnit)
  const [isCharged, setIsCharged] = useState(plan.markupPercent !== null)
  const [problems, setProblems] = useState<Partial<Record<keyof typeof texts, string>>>({})
  return {
    texts,
    priceUnit,
    isCharged,
    problems,
    change: (name: keyof typeof texts, text: string) => {
      setTexts((current) => ({ ...current, [name]: text }))
      setProblems(({ [name]: _, ...rest }) => rest)
    },
    setPriceUnit,
    setIsCharged,
    /** The prices; undefined where one is none, which is said beside its field then. */
    read(): Prices | undefined {
      const [monthly, yearly] = [readMoney(texts.monthly), readMoney(texts.yearly)]
      const markup = /^\d{1,3}$/.test(texts.markup.trim()) ? Number(texts.markup) : undefined
      const amount = 'An amount in US dollars, such as 20 or 19.99, or nothing.'
      const found = {
        ...(monthly === undefined ? { monthly: amount } : {}),
        ...(yearly === undefined ? { yearly: amount } : {}),
        ...(isCharged && markup === undefined ? { markup: 'A whole number from 0 to 999.' } : {}),
      }
      setProblems(found)
      if (Object.keys(found).length > 0) return undefined
      return {
        monthlyPriceMicroUsd: monthly ?? null,
        yearlyPriceMicroUsd: yearly ?? null,
        priceUnit,
        markupPercent: isCharged ? (markup ?? 0) : null,
        stripeMonthlyPriceId: texts.stripeMonthly.trim() || null,
        stripeYearlyPriceId: texts.stripeYearly.trim() || null,
      }
    },
  }
}

/** The fields about a plan's price. `errors` are the server's, by field; `withStripe`: whether it can be bought there. */
export function PriceFields({
  prices,
  errors,
  withStripe,
}: {
  prices: ReturnType<typeof usePrices>
  errors: Record<string, string>
  withStripe: boolean
}) {
  const { texts, priceUnit, isCharged, problems, change } = prices
  return (
    <fieldset className="flex flex-col gap-4">
      <legend className="mb-3 font-medium">Price</legend>
      <div className="grid gap-4 sm:grid-cols-3">
        <TextField
          label="Dollars a month"
          inputMode="decimal"
          value={texts.monthly}
          error={problems.monthly ?? errors.monthlyPriceMicroUsd}
          onChange={(event) => change('monthly', event.currentTarget.value)}
        />
        <TextField
          label="Dollars a year"
          inputMode="decimal"
          value={texts.yearly}
          error={problems.yearly ?? errors.yearlyPriceMicroUsd}
          onChange={(event) => change('yearly', event.currentTarget.value)}
        />
        <Select
          label="For"
          options={[
            { value: 'workspace', label: 'Workspace' },
            { value: 'person', label: 'Each person' },
          ]}
          value={priceUnit}
          onChange={(event) => prices.setPriceUnit(event.currentTarget.value as Prices['priceUnit'])}
        />
      </div>
      {withStripe && (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="Stripe price, monthly"
            placeholder="price_…"
            spellCheck={false}
            value={texts.stripeMonthly}
            error={errors.stripeMonthlyPriceId}
            onChange={(event) => change('stripeMonthly', event.currentTarget.value)}
          />
          <TextField
            label="Stripe price, yearly"
            placeholder="price_…"
            spellCheck={false}
            value={texts.stripeYearly}
            error={errors.stripeYearlyPriceId}
            onChange={(event) => change('stripeYearly', event.currentTarget.value)}
          />
        </div>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <Select
          label="Calls of models"
          options={[
            { value: 'included', label: 'Included' },
            { value: 'charged', label: 'Charged at cost' },
          ]}
          value={isCharged ? 'charged' : 'included'}
          onChange={(event) => prices.setIsCharged(event.currentTarget.value === 'charged')}
        />
        {isCharged && (
          <TextField
            label="Percent on top"
            inputMode="numeric"
            value={texts.markup}
            error={problems.markup ?? errors.markupPercent}
            onChange={(event) => change('markup', event.currentTarget.value)}
          />
        )}
      </div>
    </fieldset>
  )
}
