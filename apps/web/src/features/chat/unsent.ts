import type { FileInfo } from '@parley/contract'
import { ParleyError, randomKey } from '@parley/sdk'
import { useMemo, useSyncExternalStore } from 'react'
import { parley, queryClient } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { showStarted } from './list-messages.ts'
import { followReply } from './live-replies.ts'

/**
 * A message on its way. It is kept in this browser until the server has acknowledged it, so that nothing typed is lost;
 * `key` is its Idempotency-Key, so that sending it again never sends it twice.
 */
export interface Unsent {
  key: string
  conversationId: string
  text: string
  files: FileInfo[]
  /** The message it follows; null for the first one. */
  parentId: string | null
  model: string | null
  /** `waiting`: a limit was reached; it is sent again by itself at `retryAt`. */
  state: 'sending' | 'waiting' | 'failed'
  error: string | null
  /** ISO 8601; set while it waits. */
  retryAt: string | null
}

/** Nobody wants a message sent that was forgotten about: what has to wait longer is sent by hand. */
const longestWaitSeconds = 3600
/** Timers of the messages that wait in this window. */
const timers = new Map<string, ReturnType<typeof setTimeout>>()

const storageKey = 'parley.unsent'
let all: readonly Unsent[] = restore()
const listeners = new Set<() => void>()

function restore(): Unsent[] {
  try {
    const stored = JSON.parse(localStorage.getItem(storageKey) ?? '[]') as Unsent[]
    const error = 'The page was closed before it was sent.'
    return stored.map((one) => ({ ...one, state: 'failed', error, retryAt: null }))
  } catch {
    return []
  }
}

function change(next: readonly Unsent[]): void {
  all = next
  localStorage.setItem(storageKey, JSON.stringify(all))
  for (const listener of listeners) listener()
}

export function useUnsent(conversationId: string | undefined): Unsent[] {
  const current = useSyncExternalStore(subscribe, () => all)
  return useMemo(() => current.filter((one) => one.conversationId === conversationId), [current, conversationId])
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function sendMessage(message: Pick<Unsent, 'conversationId' | 'text' | 'files' | 'parentId' | 'model'>): void {
  const unsent: Unsent = { ...message, key: randomKey(), state: 'sending', error: null, retryAt: null }
  change([...all, unsent])
  void send(unsent)
}

export function sendAgain(key: string): void {
  const unsent = all.find((one) => one.key === key)
  if (!unsent || unsent.state === 'sending') return
  clearTimeout(timers.get(key))
  change(all.map((one) => (one === unsent ? { ...one, state: 'sending', error: null, retryAt: null } : one)))
  void send(unsent)
}

export function forget(key: string): void {
  clearTimeout(timers.get(key))
  timers.delete(key)
  change(all.filter((one) => one.key !== key))
}

async function send({ key, conversationId, text, files, parentId, model }: Unsent): Promise<void> {
  const content = [
    ...(text ? [{ type: 'text' as const, text }] : []),
    ...files.map((file) => ({ type: 'file' as const, fileId: file.id })),
  ]
  try {
    const body = { content: files.length > 0 ? content : text, parentId, model: model ?? undefined }
    const started = await parley.messages.send(conversationId, body, { idempotencyKey: key })
    await queryClient.cancelQueries({ queryKey: ['messages', conversationId] })
    showStarted(queryClient, started)
    forget(key)
    followReply(started.assistantMessage)
    void queryClient.invalidateQueries({ queryKey: ['conversations'] })
    void queryClient.invalidateQueries({ queryKey: ['conversation', conversationId] })
    // An edited message has siblings now, which only the server counts.
    void queryClient.invalidateQueries({ queryKey: ['messages', conversationId] })
  } catch (error) {
    const retryAt = whenNext(error)
    if (retryAt) timers.set(key, setTimeout(sendAgain, retryAt.getTime() - Date.now(), key))
    const failure = { error: explainError(error), retryAt: retryAt?.toISOString() ?? null }
    change(all.map((one) => (one.key === key ? { ...one, state: retryAt ? 'waiting' : 'failed', ...failure } : one)))
  }
}

/** When a message that met a limit may be sent; undefined for any other failure, and where that is too far away. */
function whenNext(error: unknown): Date | undefined {
  if (!(error instanceof ParleyError) || error.code !== 'rate_limited') return undefined
  const { retryAfter } = error
  if (retryAfter === null || retryAfter > longestWaitSeconds) return undefined
  return new Date(Date.now() + retryAfter * 1000)
}
