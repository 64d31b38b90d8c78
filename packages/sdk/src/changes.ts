import type { ChangeEvent } from '@parley/contract'
import { backOffMs, pause } from './back-off.ts'
import type { Requester } from './request.ts'

/** What changed for a person, and the state of the connection that tells it: after `reconnected`, fetch anew. */
export type Change = ChangeEvent | { type: 'connected' } | { type: 'disconnected' } | { type: 'reconnected' }

/** A constructor of sockets that, unlike the browsers', may be given headers (Node's is). */
type Socket = new (url: URL, options?: { headers: Record<string, string> }) => WebSocket

/**
 * Changes to one's conversations, tools and models, made in any window, over one WebSocket that is made again when it
 * is lost. Ends when the signal aborts.
 */
export async function* followChanges(requester: Requester, signal: AbortSignal): AsyncGenerator<Change> {
  const url = requester.url('/api/v1/ws')
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  let everConnected = false

  for (let failures = 0; !signal.aborted; ) {
    // Signed as the request for a socket that it is; browsers send their cookie and take no headers.
    const options = requester.apiKey ? { headers: await requester.credentials({ method: 'GET', url }) } : undefined
    const socket = new (globalThis.WebSocket as unknown as Socket)(url, options)
    let opened = false
    try {
      for await (const change of readSocket(socket, signal)) {
        if (change.type === 'connected') {
          opened = true
          failures = 0
          yield everConnected ? { type: 'reconnected' } : change
          everConnected = true
        } else yield change
      }
    } finally {
      socket.close()
    }
    if (signal.aborted) return
    if (opened || failures === 1) yield { type: 'disconnected' }
    await pause(backOffMs(++failures), signal).catch(() => undefined)
  }
}

/** `connected`, then what the socket says until it closes, for whatever reason. */
async function* readSocket(
  socket: WebSocket,
  signal: AbortSignal,
): AsyncGenerator<ChangeEvent | { type: 'connected' }> {
  const ready: (ChangeEvent | { type: 'connected' })[] = []
  let closed = false
  let wake = () => {}
  const stop = () => {
    closed = true
    wake()
  }
  socket.addEventListener('open', () => {
    ready.push({ type: 'connected' })
    wake()
  })
  socket.addEventListener('message', ({ data }) => {
    ready.push(JSON.parse(String(data)) as ChangeEvent)
    wake()
  })
  socket.addEventListener('close', stop)
  socket.addEventListener('error', stop)
  signal.addEventListener('abort', stop, { once: true })
  try {
    while (!closed || ready.length > 0) {
      yield* ready.splice(0)
      if (!closed && ready.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
