import type { Conversation } from '@parley/contract'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { parley } from '../../parley.ts'

/** Names of who wrote in a shared conversation, by id; empty where only its owner ever did. */
export function useParticipants(conversation: Conversation | undefined): ReadonlyMap<string, string> {
  const others = conversation !== undefined && (conversation.shared || conversation.owner !== null)
  const found = useQuery({
    queryKey: ['participants', conversation?.id],
    queryFn: ({ signal }) => parley.conversations.participants(conversation?.id ?? '', { signal }),
    enabled: others,
  })
  return useMemo(() => new Map(found.data?.data.map(({ id, name }) => [id, name])), [found.data])
}
