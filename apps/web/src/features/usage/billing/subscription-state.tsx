import type { Billing, Subscription } from '@parley/contract'
import { Button, Callout } from '@parley/ui'
import { CreditCard } from 'lucide-react'
import { formatDate } from '../../shell/format.ts'
import { usePortal } from './go-to-stripe.ts'

/** What is to be known of the subscription, and the way to change it. Nothing where there never was one. */
export function SubscriptionState({ billing, mayManage }: { billing: Billing; mayManage: boolean }) {
  const { subscription, hasCustomer, payments } = billing
  const manages = hasCustomer && payments && mayManage
  if (!subscription && !manages) return null
  return (
    <div className="flex flex-col gap-4 border-border border-t px-5 py-4">
      {subscription && <Problem subscription={subscription} planSource={billing.planSource} />}
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <p className="min-w-0 flex-1 basis-60 text-sm text-text-muted">
          {subscription ? next(subscription) : 'Nothing is paid for at the moment.'}
        </p>
        {manages && <ManagePayment />}
      </div>
    </div>
  )
}

function ManagePayment() {
  const portal = usePortal()
  return (
    <Button loading={portal.isPending} onClick={() => portal.mutate(undefined)}>
      <CreditCard aria-hidden="true" /> Manage payment
    </Button>
  )
}

function next({ status, currentPeriodEnd, cancelAt, people, interval }: Subscription): string {
  const until = formatDate(currentPeriodEnd)
  const paidFor = people > 1 ? ` for ${people} people` : ''
  if (cancelAt !== null && (status === 'active' || status === 'trialing')) {
    return `Cancelled: the plan ends on ${formatDate(cancelAt)}, and nothing more is charged.`
  }
  switch (status) {
    case 'active':
      return `Next payment${paidFor} on ${until}, every ${interval}.`
    case 'trialing':
      return `Trial until ${until}; then it is paid every ${interval}.`
    case 'past_due':
      return 'The last payment did not go through.'
    case 'incomplete':
      return 'The first payment is not complete.'
    default:
      return 'The subscription has ended.'
  }
}

function Problem({ subscription, planSource }: { subscription: Subscription; planSource: Billing['planSource'] }) {
  const { status, graceEndsAt } = subscription
  if (status === 'past_due') {
    return (
      <Callout tone="warning" title="A payment did not go through">
        {graceEndsAt !== null && planSource === 'subscription'
          ? `The plan stays until ${formatDate(graceEndsAt)}. Look at the card under “Manage payment”.`
          : 'Look at the card under “Manage payment”.'}
      </Callout>
    )
  }
  if (status === 'unpaid' || status === 'paused') {
    return (
      <Callout tone="warning" title="The subscription is not paid">
        Its plan does not count until it is. Look at the card under “Manage payment”.
      </Callout>
    )
  }
  const live = status === 'active' || status === 'trialing'
  if (live && planSource === 'operator') {
    return (
      <Callout title="Paid for, and not what counts">
        Whoever runs this installation chose the plan of this workspace. The subscription goes on all the same.
      </Callout>
    )
  }
  return null
}
