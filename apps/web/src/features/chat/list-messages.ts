import type { Message, Page, Started } from '@parley/contract'
import { type InfiniteData, infiniteQueryOptions, type QueryClient } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

type Pages = InfiniteData<Page<Message>, string | undefined>

/** The branch a conversation stands at: the first page ends at its leaf, the next ones lead back in time. */
export const listMessages = (conversationId: string) =>
  infiniteQueryOptions({
    queryKey: ['messages', conversationId],
    queryFn: ({ pageParam, signal }) =>
      parley.messages.list(conversationId, { cursor: pageParam, limit: 50 }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    staleTime: 0,
  })

/** Pages as one list, oldest first. */
export function messagesOf(pages: readonly Page<Message>[]): Message[] {
  return pages.toReversed().flatMap((page) => page.data)
}

/** Shows what a request started: its messages follow their parent, whatever else followed it is another branch now. */
export function showStarted(client: QueryClient, started: Started): void {
  const fresh = [started.userMessage, started.assistantMessage].filter((message) => message !== null)
  const { conversationId, parentId } = fresh[0]!
  client.setQueryData<Pages>(['messages', conversationId], (data) => {
    if (!data) return { pages: [{ data: fresh, nextCursor: null }], pageParams: [undefined] }
    const page = data.pages.findIndex(({ data: messages }) => messages.some(({ id }) => id === parentId))
    if (page < 0) return parentId === null ? { ...data, pages: [{ data: fresh, nextCursor: null }] } : data
    const { data: messages, nextCursor } = data.pages[page]!
    const kept = messages.slice(0, messages.findIndex(({ id }) => id === parentId) + 1)
    return {
      pages: [{ data: [...kept, ...fresh], nextCursor }, ...data.pages.slice(page + 1)],
      pageParams: [undefined, ...data.pageParams.slice(page + 1)],
    }
  })
}

/** Puts a newer state of a message in its place. */
export function replaceMessage(client: QueryClient, message: Message): void {
  client.setQueryData<Pages>(['messages', message.conversationId], (data) => {
    if (!data) return data
    const replaced = (one: Message) => (one.id === message.id ? { ...message, siblingIds: one.siblingIds } : one)
    return { ...data, pages: data.pages.map((page) => ({ ...page, data: page.data.map(replaced) })) }
  })
}
