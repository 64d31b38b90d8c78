import type { Model } from '@parley/contract'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

/** All models that can be chosen, the default first. */
export const listModels = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => parley.models.list({}, { signal }).then((page) => page.data),
})

const none: Model[] = []

export function useModels(): Model[] {
  return useQuery(listModels).data ?? none
}

/** The model's own name for people, or the id of one that is gone. */
export function modelName(models: readonly Model[], id: string): string {
  return models.find((model) => model.id === id)?.name ?? id.slice(id.indexOf('/') + 1)
}
