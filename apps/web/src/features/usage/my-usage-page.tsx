import { useQuery } from '@tanstack/react-query'
import { parley } from '../../parley.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'
import { BudgetBar } from './budget-bar.tsx'
import { MyLimits } from './limits/my-limits.tsx'
import { listMyBudgets, subjectOf } from './list-budgets.ts'
import { type UsageSource, UsageView } from './usage-view.tsx'

const source: UsageSource = {
  name: 'mine',
  groupings: [
    { value: 'model', label: 'Model' },
    { value: 'key', label: 'API key' },
    { value: 'purpose', label: 'Purpose' },
  ],
  report: (query, signal) => parley.myUsage.report(query as Parameters<typeof parley.myUsage.report>[0], { signal }),
  exportPath: '/api/v1/me/usage/export',
}

export function MyUsagePage() {
  useTitle('Your usage')
  return (
    <>
      <SettingsHead title="Your usage">
        What your own answers took, and what is left of your messages and of the budgets that count them.
      </SettingsHead>
      <div className="flex flex-col gap-6">
        <MyLimits />
        <MyBudgets />
        <UsageView source={source} />
      </div>
    </>
  )
}

function MyBudgets() {
  const budgets = useQuery({ ...listMyBudgets, refetchInterval: 5_000 }).data?.data ?? []
  const shown = budgets.flatMap((budget) => budget.standings.map((standing) => ({ budget, standing })))
  if (shown.length === 0) return null
  return (
    <Panel>
      <h2 className="sr-only">Budgets</h2>
      <ul className="divide-y divide-border">
        {shown.map(({ budget, standing }) => (
          <li key={`${budget.id} ${standing.subjectId}`} className="flex flex-col gap-2 px-5 py-4">
            <h3 className="font-medium">
              {budget.name}
              <span className="font-normal text-text-muted">
                {' '}
                · a {budget.window} for {budget.scope === 'user' ? 'you' : subjectOf(budget)}
              </span>
            </h3>
            <BudgetBar budget={budget} standing={standing} label={budget.name} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}
