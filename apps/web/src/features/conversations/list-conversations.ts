import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

/** One's conversations, last changed first, page by page; `search`: words of the title. */
export const listConversations = (search: string) =>
  infiniteQueryOptions({
    queryKey: ['conversations', { search }],
    queryFn: ({ pageParam, signal }) =>
      parley.conversations.list({ cursor: pageParam, search: search || undefined }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })

export const getConversation = (id: string) =>
  queryOptions({
    queryKey: ['conversation', id],
    queryFn: ({ signal }) => parley.conversations.get(id, { signal }),
  })
