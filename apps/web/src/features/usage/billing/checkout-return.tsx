import type { Billing } from '@parley/contract'
import { Callout } from '@parley/ui'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'

const lookAgainMs = 2_000

/** What came of the visit at Stripe. Paid is what Stripe tells the server, which may take a moment longer than the way back. */
export function CheckoutReturn({ billing }: { billing: Billing }) {
  const { checkout } = useSearch({ strict: false }) as { checkout?: string }
  const client = useQueryClient()
  const navigate = useNavigate()
  const isDone = checkout === 'done'
  const isPaid = billing.planSource === 'subscription'
  useEffect(() => {
    if (!isDone || isPaid) return
    const timer = setInterval(() => void client.invalidateQueries({ queryKey: ['billing'] }), lookAgainMs)
    return () => clearInterval(timer)
  }, [isDone, isPaid, client])
  const dismiss = () => void navigate({ to: '/settings/billing', replace: true })
  if (isDone) {
    return (
      <Callout tone={isPaid ? 'success' : 'info'} live title={isPaid ? 'Thank you' : 'One moment'}>
        {isPaid
          ? `The workspace is on the plan ${billing.plan.name} now.`
          : 'The payment is being confirmed. The plan changes as soon as it is; you can go on meanwhile.'}
        {isPaid && <Dismiss onClick={dismiss} />}
      </Callout>
    )
  }
  if (checkout === 'cancelled') {
    return (
      <Callout live>
        Nothing was bought.
        <Dismiss onClick={dismiss} />
      </Callout>
    )
  }
  return null
}

function Dismiss({ onClick }: { onClick: () => void }) {
  return (
    <button type="button" onClick={onClick} className="ms-2 cursor-pointer font-medium underline">
      All right
    </button>
  )
}
