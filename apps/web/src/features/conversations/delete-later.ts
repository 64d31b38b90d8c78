import type { Conversation } from '@parley/contract'
import { useToast } from '@parley/ui'
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useSyncExternalStore } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'

/** How long a deleted conversation can be had back. */
const undoMs = 5000

/** Conversations that are hidden already and will be deleted. */
let doomed: ReadonlySet<string> = new Set()
const timers = new Map<string, ReturnType<typeof setTimeout>>()
const listeners = new Set<() => void>()

function change(id: string, hidden: boolean): void {
  const next = new Set(doomed)
  if (hidden) next.add(id)
  else next.delete(id)
  doomed = next
  for (const listener of listeners) listener()
}

/** Ids of conversations that count as deleted while they can still be had back. */
export function useDoomed(): ReadonlySet<string> {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => doomed,
  )
}

/** Hides a conversation at once and deletes it after a while; a toast offers to undo. Leaving the page deletes it too. */
export function useDeleteLater(): (conversation: Conversation) => void {
  const client = useQueryClient()
  const toast = useToast()
  return useCallback(
    ({ id, title }) => {
      const finish = async () => {
        timers.delete(id)
        window.removeEventListener('pagehide', now)
        try {
          await parley.conversations.delete(id)
          client.removeQueries({ queryKey: ['messages', id] })
          await client.invalidateQueries({ queryKey: ['conversations'] })
        } catch (error) {
          toast({ message: explainError(error), tone: 'danger' })
        } finally {
          change(id, false)
        }
      }
      const now = () => {
        clearTimeout(timers.get(id))
        void fetch(`/api/v1/conversations/${id}`, { method: 'DELETE', keepalive: true })
      }
      change(id, true)
      window.addEventListener('pagehide', now)
      timers.set(id, setTimeout(finish, undoMs))
      toast({
        message: `“${title}” deleted.`,
        action: {
          label: 'Undo',
          onSelect: () => {
            const timer = timers.get(id)
            if (timer === undefined) return toast({ message: 'Too late: it is deleted.' })
            clearTimeout(timer)
            timers.delete(id)
            window.removeEventListener('pagehide', now)
            change(id, false)
          },
        },
      })
    },
    [client, toast],
  )
}
