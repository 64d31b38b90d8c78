import { useQuery } from '@tanstack/react-query'
import { Panel } from '../../shell/settings-page.tsx'
import { LimitBar } from './limit-bar.tsx'
import { getMyLimits } from './list-limits.ts'

/** What the plan, and whatever is set beside it, still allows the reader. The pace of programs is left out. */
export function MyLimits() {
  const limits = useQuery(getMyLimits).data
  const shown = limits?.requests.filter(({ name }) => name.startsWith('messages')) ?? []
  if (!limits || shown.length === 0) return null
  return (
    <Panel>
      <h2 className="px-5 pt-4 font-medium">
        Messages <span className="font-normal text-text-muted">· plan {limits.plan.name}</span>
      </h2>
      <ul className="divide-y divide-border">
        {shown.map((state) => (
          <li key={`${state.name} ${state.about}`} className="flex flex-col gap-2 px-5 py-4">
            <h3 className="text-sm text-text-muted first-letter:uppercase">{state.about}</h3>
            <LimitBar state={state} label={state.about} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}
