import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

export type ListFilter = 'own' | 'shared'

/** One's conversations or those others shared, last changed first, page by page; `search`: words of the title. */
export const listConversations = (search: string, filter: ListFilter) =>
  infiniteQueryOptions({
    queryKey: ['conversations', { search, filter }],
    queryFn: ({ pageParam, signal }) =>
      parley.conversations.list({ cursor: pageParam, search: search || undefined, filter }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })

export const getConversation = (id: string) =>
  queryOptions({
    queryKey: ['conversation', id],
    queryFn: ({ signal }) => parley.conversations.get(id, { signal }),
  })
