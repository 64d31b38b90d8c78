import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

export type PresetFilter = 'own' | 'shared'

/** One's presets or those others shared, by name, page by page; `search`: words of the name. */
export const listPresets = (search: string, filter: PresetFilter) =>
  infiniteQueryOptions({
    queryKey: ['presets', { search, filter }],
    queryFn: ({ pageParam, signal }) =>
      parley.presets.list({ cursor: pageParam, search: search || undefined, filter }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })

/** Those to choose from in a chat: as many as anyone looks through, and whether there are more. */
export const presetChoices = queryOptions({
  queryKey: ['presets', 'choices'],
  queryFn: async ({ signal }) => {
    const page = await parley.presets.list({ limit: 200 }, { signal })
    return { presets: page.data.filter(({ level }) => level !== 'view'), isAll: page.nextCursor === null }
  },
})

/** One, with its instructions. */
export const getPreset = (id: string) =>
  queryOptions({
    queryKey: ['preset', id],
    queryFn: ({ signal }) => parley.presets.get(id, { signal }),
  })
