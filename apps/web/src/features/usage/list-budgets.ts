import type { Budget } from '@parley/contract'
import { queryOptions } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

/** Bars move while someone looks at them. */
const lookAgainMs = 5_000

export const listBudgets = queryOptions({
  queryKey: ['budgets', 'all'],
  queryFn: ({ signal }) => parley.budgets.list({ limit: 200 }, { signal }),
  refetchInterval: lookAgainMs,
})

export const listMyBudgets = queryOptions({
  queryKey: ['budgets', 'mine'],
  queryFn: ({ signal }) => parley.myUsage.budgets({ limit: 200 }, { signal }),
})

/** `each person`, `openai/gpt-5`, `the workspace`: whose calls a budget counts. */
export function subjectOf({ scope, subjectId, subjectName }: Budget): string {
  if (scope === 'workspace') return 'the workspace'
  if (subjectId !== null) return subjectName ?? 'someone or something that is gone'
  return { group: 'a group', user: 'each person', key: 'each API key', model: 'each model' }[scope]
}
