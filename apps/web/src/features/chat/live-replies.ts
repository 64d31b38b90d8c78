import type { Message } from '@parley/contract'
import { useCallback, useSyncExternalStore } from 'react'
import { parley, queryClient } from '../../parley.ts'
import { announce } from '../shell/announce.tsx'
import { replaceMessage } from './list-messages.ts'

/** A reply that is being written, as far as this window has read it. */
export interface LiveReply {
  message: Message
  runId: string
  connection: 'connected' | 'reconnecting'
}

/**
 * Replies being written live here, outside of the query cache: a token touches the views of its message alone, and each
 * at most once per frame. What was written last goes to the cache when the run ends.
 */
const live = new Map<string, LiveReply>()
const listeners = new Map<string, Set<() => void>>()
/** Runs that could not be followed, and when that may be tried again. */
const refused = new Map<string, number>()
const tryAgainMs = 5_000

export function useLiveReply(messageId: string): LiveReply | undefined {
  const subscribe = useCallback(
    (listener: () => void) => {
      const own = listeners.get(messageId) ?? new Set()
      listeners.set(messageId, own.add(listener))
      return () => {
        own.delete(listener)
        if (own.size === 0 && listeners.get(messageId) === own) listeners.delete(messageId)
      }
    },
    [messageId],
  )
  return useSyncExternalStore(subscribe, () => live.get(messageId))
}

/** Follows the run that writes `message`, unless that is so already. Goes on when the view is left. */
export function followReply(message: Message): void {
  const { id, runId } = message
  if (!runId || live.get(id)?.runId === runId || Date.now() < (refused.get(runId) ?? 0)) return
  change(id, { message, runId, connection: 'connected' })
  announce('Answer started.')
  void follow(message, runId)
}

async function follow(message: Message, runId: string): Promise<void> {
  let last = message
  const mine = () => live.get(message.id)?.runId === runId
  try {
    const onConnection = (connection: LiveReply['connection']) => {
      const current = live.get(message.id)
      if (current?.runId === runId && current.connection !== connection) change(message.id, { ...current, connection })
    }
    for await (const next of parley.messages.follow(message, runId, { onConnection, frame: nextFrame })) {
      // Another run took the message over: an answered question, told by another window.
      if (!mine()) return
      last = next
      change(message.id, { ...live.get(message.id)!, message: next })
    }
    if (last.status !== 'writing') {
      replaceMessage(queryClient, last)
      announce(endings[last.status])
    }
  } catch {
    // Refused or away for very long: what is stored says how it stands.
    refused.set(runId, Date.now() + tryAgainMs)
  }
  if (!mine()) return
  change(message.id, undefined)
  const { conversationId } = message
  void queryClient.invalidateQueries({ queryKey: ['messages', conversationId] })
  void queryClient.invalidateQueries({ queryKey: ['conversation', conversationId] })
  void queryClient.invalidateQueries({ queryKey: ['conversations'] })
}

const endings = {
  complete: 'Answer finished.',
  waiting: 'The answer waits for you: a tool needs your decision.',
  stopped: 'Answer stopped.',
  failed: 'The answer failed.',
}

function change(messageId: string, reply: LiveReply | undefined): void {
  if (reply) live.set(messageId, reply)
  else live.delete(messageId)
  for (const listener of listeners.get(messageId) ?? []) listener()
}

/** The next frame the browser paints, or a quarter of a second where it paints none, as in a hidden tab. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancelAnimationFrame(frame)
      clearTimeout(timer)
      resolve()
    }
    const frame = requestAnimationFrame(done)
    const timer = setTimeout(done, 250)
  })
}
