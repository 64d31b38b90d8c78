import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CreditCard } from 'lucide-react'
import { useMay } from '../../identity/me.ts'
import { formatDate } from '../../shell/format.ts'
import { getBilling } from './read-billing.ts'

/** Above the page while a payment is late, for those who may see billing. */
export function BillingBanner() {
  const billing = useQuery({ ...getBilling, enabled: useMay('billing:read') }).data
  if (billing?.subscription?.status !== 'past_due') return null
  const { graceEndsAt } = billing.subscription
  return (
    <p className="flex items-center justify-center gap-2 bg-warning-soft px-4 py-1.5 text-sm text-warning">
      <CreditCard aria-hidden="true" className="size-4 shrink-0" />
      <span>
        A payment for this workspace did not go through.
        {graceEndsAt !== null && ` Its plan stays until ${formatDate(graceEndsAt)}.`}{' '}
        <Link to="/settings/billing" className="font-medium underline">
          Billing
        </Link>
      </span>
    </p>
  )
}
