import type { ServiceAccount } from '@parley/contract'
import { queryOptions } from '@tanstack/react-query'
import { parley } from '../../../parley.ts'

/** Every service account of the workspace, newest first. */
export const listAccounts = queryOptions({
  queryKey: ['service-accounts'],
  queryFn: async ({ signal }): Promise<ServiceAccount[]> => {
    const all: ServiceAccount[] = []
    let cursor: string | undefined
    do {
      const page = await parley.serviceAccounts.list({ limit: 200, cursor }, { signal })
      all.push(...page.data)
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    return all
  },
})
