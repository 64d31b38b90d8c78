import type { Plan } from '@parley/contract'
import { Badge, Button, Callout, Skeleton } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../../identity/me.ts'
import { explainError } from '../../shell/explain-error.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { formatMoney } from '../billing/format-money.ts'
import { getBilling } from '../billing/read-billing.ts'
import { figures, getMyLimits, listPlans } from './list-limits.ts'
import { PlanDialog } from './plan-dialog.tsx'

/** The plans of this installation and which of them counts here. */
export function Plans({ mayChange }: { mayChange: boolean }) {
  const plans = useQuery(listPlans)
  const mine = useQuery(getMyLimits).data?.plan.id
  const seesBilling = useMay('billing:read')
  const withStripe = useQuery({ ...getBilling, enabled: mayChange && seesBilling }).data?.payments === true
  const [changing, setChanging] = useState<Plan>()
  return (
    <section aria-labelledby="plans">
      <h2 id="plans" className="mb-3 font-display text-xl">
        Plans
      </h2>
      {plans.isPending && <Skeleton />}
      {plans.error && <Callout tone="danger">{explainError(plans.error)}</Callout>}
      {plans.data && (
        <Panel>
          <ul className="divide-y divide-border">
            {plans.data.data.map((plan) => (
              <li key={plan.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
                <div className="min-w-0 flex-1 basis-60">
                  <h3 className="flex flex-wrap items-center gap-2 font-medium">
                    {plan.name}
                    {plan.id === mine && <Badge tone="accent">Counts here</Badge>}
                  </h3>
                  <p className="text-sm text-text-muted">
                    Each person: {figures(plan)}
                    {plan.monthlyPriceMicroUsd !== null &&
                      ` · ${formatMoney(plan.monthlyPriceMicroUsd)} a month${plan.priceUnit === 'person' ? ' for each person' : ''}`}
                  </p>
                </div>
                {mayChange && (
                  <Button size="small" onClick={() => setChanging(plan)} aria-label={`Change ${plan.name}`}>
                    Change
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {changing && <PlanDialog plan={changing} withStripe={withStripe} onClose={() => setChanging(undefined)} />}
    </section>
  )
}
