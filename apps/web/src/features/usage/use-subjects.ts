import { useQuery } from '@tanstack/react-query'
import { parley } from '../../parley.ts'
import { useModels } from '../models/list-models.ts'

interface Choice {
  id: string
  name: string
}

/** Whom and what a budget or a limit can be for; empty lists until they are known. */
export function useSubjects(): Record<'group' | 'user' | 'key' | 'model', readonly Choice[]> {
  const subjects = useQuery({
    queryKey: ['budgets', 'subjects'],
    queryFn: ({ signal }) => parley.budgets.subjects({ signal }),
  }).data
  const models = useModels()
  return {
    group: subjects?.groups ?? [],
    user: subjects?.people ?? [],
    key: subjects?.keys ?? [],
    model: models.filter(({ protocol }) => protocol !== 'guide').map(({ id }) => ({ id, name: id })),
  }
}
