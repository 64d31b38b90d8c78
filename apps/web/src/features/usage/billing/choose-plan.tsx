import type { Billing, Plan } from '@parley/contract'
import { Badge, Button, Select } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Panel } from '../../shell/settings-page.tsx'
import { figures, listPlans } from '../limits/list-limits.ts'
import { formatMoney } from './format-money.ts'
import { useCheckout } from './go-to-stripe.ts'

type Interval = 'month' | 'year'

/** The plans that can be bought. Nothing where there are none, or where it is not for the reader to choose. */
export function ChoosePlan({ billing }: { billing: Billing }) {
  const plans = useQuery(listPlans).data?.data ?? []
  const [interval, setInterval] = useState<Interval>('month')
  const sold = (by: Interval) => plans.filter((plan) => priceOf(plan, by) !== null)
  const intervals = (['month', 'year'] as const).filter((by) => sold(by).length > 0)
  const by = intervals.includes(interval) ? interval : intervals[0]
  if (!by || !mayChoose(billing)) return null
  return (
    <section aria-labelledby="choose-plan">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
        <h2 id="choose-plan" className="font-display text-xl">
          Choose a plan
        </h2>
        {intervals.length > 1 && (
          <Select
            label="Paid"
            labelHidden
            className="w-40"
            options={[
              { value: 'month', label: 'Every month' },
              { value: 'year', label: 'Every year' },
            ]}
            value={by}
            onChange={(event) => setInterval(event.currentTarget.value as Interval)}
          />
        )}
      </div>
      <Panel>
        <ul className="divide-y divide-border">
          {sold(by).map((plan) => (
            <PlanChoice key={plan.id} plan={plan} by={by} billing={billing} />
          ))}
        </ul>
      </Panel>
    </section>
  )
}

function PlanChoice({ plan, by, billing }: { plan: Plan; by: Interval; billing: Billing }) {
  const checkout = useCheckout()
  const isCurrent = plan.id === billing.plan.id
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-3 px-5 py-4">
      <div className="min-w-0 flex-1 basis-56">
        <h3 className="flex flex-wrap items-center gap-2 font-medium">
          {plan.name}
          {isCurrent && <Badge tone="accent">Counts here</Badge>}
        </h3>
        <p className="text-sm text-text-muted">Each person: {figures(plan)}</p>
      </div>
      <p className="tabular-nums">
        <span className="font-medium">{formatMoney(priceOf(plan, by) ?? 0)}</span>
        <span className="text-sm text-text-muted">
          {' '}
          a {by}
          {plan.priceUnit === 'person' && ' for each person'}
        </span>
      </p>
      <Button
        variant="primary"
        className="ms-auto"
        loading={checkout.isPending}
        aria-label={`Choose ${plan.name}`}
        onClick={() => checkout.mutate({ planId: plan.id, interval: by })}
      >
        Choose
      </Button>
    </li>
  )
}

/** Where a subscription goes on, it is changed in the portal; where the operator chose the plan, it is not for sale. */
function mayChoose({ payments, planSource, subscription }: Billing): boolean {
  const ended = ['canceled', 'incomplete_expired', 'incomplete']
  return payments && planSource !== 'operator' && (subscription === null || ended.includes(subscription.status))
}

function priceOf(plan: Plan, by: Interval): number | null {
  if (by === 'month') return plan.stripeMonthlyPriceId === null ? null : plan.monthlyPriceMicroUsd
  return plan.stripeYearlyPriceId === null ? null : plan.yearlyPriceMicroUsd
}
