import { Callout, Skeleton } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import { useMay } from '../../identity/me.ts'
import { explainError } from '../../shell/explain-error.ts'
import { Panel, SettingsHead } from '../../shell/settings-page.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { CheckoutReturn } from './checkout-return.tsx'
import { ChoosePlan } from './choose-plan.tsx'
import { CurrentPlan } from './current-plan.tsx'
import { formatMoney, formatMonth } from './format-money.ts'
import { InvoiceList } from './invoice-list.tsx'
import { getBilling, getDraft } from './read-billing.ts'
import { SubscriptionState } from './subscription-state.tsx'

/** Settings → Billing: the plan and what it costs, the running month, invoices. */
export function BillingPage() {
  useTitle('Billing')
  const mayManage = useMay('billing:manage')
  const billing = useQuery(getBilling)
  return (
    <>
      <SettingsHead title="Billing">The plan of this workspace, what it comes to, and its invoices.</SettingsHead>
      <div className="flex flex-col gap-8">
        {billing.isPending && <Skeleton />}
        {billing.error && <Callout tone="danger">{explainError(billing.error)}</Callout>}
        {billing.data && (
          <>
            <CheckoutReturn billing={billing.data} />
            <CurrentPlan billing={billing.data}>
              <SubscriptionState billing={billing.data} mayManage={mayManage} />
            </CurrentPlan>
            {mayManage && <ChoosePlan billing={billing.data} />}
          </>
        )}
        <RunningMonth />
        <InvoiceList />
      </div>
    </>
  )
}

function RunningMonth() {
  const draft = useQuery({ ...getDraft, refetchInterval: 30_000 }).data
  if (!draft) return null
  return (
    <Panel className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-4 hover:bg-surface">
      <div className="min-w-0 flex-1 basis-60">
        <h2 className="font-medium">
          <Link to="/settings/billing/draft" className="after:absolute after:inset-0">
            {formatMonth(draft.month)} so far
          </Link>
        </h2>
        <p className="text-sm text-text-muted">
          Calls of models cost {formatMoney(draft.usageCostMicroUsd)} until now, by their providers’ prices.
        </p>
      </div>
      <p className="flex items-center gap-2 font-medium tabular-nums">
        {formatMoney(draft.totalMicroUsd)}
        <ChevronRight aria-hidden="true" className="size-4 text-text-muted rtl:rotate-180" />
      </p>
    </Panel>
  )
}
