import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMay } from '../../identity/me.ts'
import { getBilling } from './read-billing.ts'

/** The way to a larger plan, for those who may buy one where plans can be bought. */
export function SeePlans() {
  const mayBuy = useMay('billing:manage')
  const billing = useQuery({ ...getBilling, enabled: mayBuy }).data
  if (!mayBuy || !billing?.payments || billing.planSource === 'operator') return null
  return (
    <Link to="/settings/billing" className="px-1 text-accent underline-offset-4 hover:underline">
      See plans
    </Link>
  )
}
