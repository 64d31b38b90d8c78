import type { Group } from '@parley/contract'
import { queryOptions } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

const pagesAtMost = 10

/** Every group of the workspace to choose from, as far as a list of choices goes. */
export const listAllGroups = queryOptions({
  queryKey: ['groups', 'all'],
  queryFn: async ({ signal }) => {
    const groups: Group[] = []
    let cursor: string | undefined
    for (let page = 0; page < pagesAtMost; page++) {
      const { data, nextCursor } = await parley.groups.list({ limit: 200, cursor }, { signal })
      groups.push(...data)
      if (nextCursor === null) break
      cursor = nextCursor
    }
    return groups
  },
})
