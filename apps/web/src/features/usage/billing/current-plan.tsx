import type { Billing } from '@parley/contract'
import { Badge } from '@parley/ui'
import { Panel } from '../../shell/settings-page.tsx'
import { figures } from '../limits/list-limits.ts'
import { formatMoney } from './format-money.ts'

const sources: Record<Billing['planSource'], string> = {
  operator: 'Chosen by whoever runs this installation',
  subscription: 'Paid by card',
  default: 'Standard here',
}

/** The plan that counts for the workspace, why, and what it costs. */
export function CurrentPlan({ billing, children }: { billing: Billing; children?: React.ReactNode }) {
  const { plan, planSource } = billing
  return (
    <Panel>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 px-5 py-5">
        <div className="min-w-0 flex-1 basis-60">
          <h2 className="flex flex-wrap items-center gap-2.5 font-display text-2xl">
            {plan.name}
            <Badge className="font-sans">{sources[planSource]}</Badge>
          </h2>
          <p className="mt-1.5 text-sm text-text-muted">Each person: {figures(plan)}</p>
        </div>
        <Price billing={billing} />
      </div>
      {children}
    </Panel>
  )
}

function Price({ billing: { plan, people, planSource, subscription } }: { billing: Billing }) {
  const paid = planSource === 'subscription' ? subscription : null
  const isYearly = paid?.interval === 'year'
  const price = paid ? paid.priceMicroUsd : plan.monthlyPriceMicroUsd
  if (price === null) return null
  return (
    <p className="sm:text-end">
      <span className="font-display text-2xl tabular-nums">{formatMoney(price)}</span>
      <span className="block text-sm text-text-muted">
        a {isYearly ? 'year' : 'month'}
        {plan.priceUnit === 'person' && ` for each person · ${people} now`}
      </span>
    </p>
  )
}
