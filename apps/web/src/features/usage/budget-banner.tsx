import type { Budget, BudgetStanding } from '@parley/contract'
import { IconButton } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Wallet, X } from 'lucide-react'
import { useState } from 'react'
import { formatAmount, formatReset } from './format-amount.ts'
import { listMyBudgets } from './list-budgets.ts'

/** Above the page while a budget that counts one's own answers is nearly or wholly used up; can be put away until it changes. */
export function BudgetBanner() {
  const budgets = useQuery({ ...listMyBudgets, refetchInterval: 60_000 }).data?.data ?? []
  const [putAway, setPutAway] = useState('')
  const worst = budgets
    .flatMap((budget) => budget.standings.map((standing) => ({ budget, standing })))
    .filter(({ standing }) => standing.level !== 'ok')
    .sort((one, other) => rankOf(other) - rankOf(one))[0]
  if (!worst) return null
  const { budget, standing } = worst
  const key = `${budget.id} ${standing.level} ${standing.resetsAt}`
  if (key === putAway) return null
  return (
    <p className="flex items-center justify-center gap-2 bg-warning-soft px-4 py-1.5 text-sm text-warning">
      <Wallet aria-hidden="true" className="size-4 shrink-0" />
      <span>
        {sentence(budget, standing)}{' '}
        <Link to="/settings/usage" className="font-medium underline">
          Your usage
        </Link>
      </span>
      <IconButton label="Put away" size="small" tooltip={false} onClick={() => setPutAway(key)}>
        <X />
      </IconButton>
    </p>
  )
}

function rankOf({ budget, standing }: { budget: Budget; standing: BudgetStanding }): number {
  return (standing.level === 'exceeded' && budget.hardStop ? 10 : 0) + standing.spent / budget.amount
}

function sentence({ name, unit, amount, hardStop }: Budget, { spent, left, level, resetsAt }: BudgetStanding): string {
  if (level === 'exceeded') {
    return hardStop
      ? `The budget “${name}” is used up. Answers go on ${formatReset(resetsAt)}.`
      : `The budget “${name}” is used up; answers go on all the same.`
  }
  return `${Math.round((spent / amount) * 100)} % of the budget “${name}” are used, ${formatAmount(unit, left)} are left until ${formatReset(resetsAt)}.`
}
