import type { ServerResponse } from 'node:http'
import type { Exchange } from './http.ts'
import { leaveFlight } from './watch-load.ts'

/** Server-sent events to one reader. */
export interface SseStream {
  /** Sends frames (`data: …\n\n`). False: the reader is slow, wait for `drained` before the next. */
  write(frames: string): boolean
  /** Resolves when the reader has caught up, or is gone. */
  drained(): Promise<void>
  /** Ends the stream. */
  close(): void
  /** Aborted once the reader is gone or the stream was closed. */
  closed: AbortSignal
}

const streams = new WeakMap<object, Set<SseStream>>()

/** Takes the answer over from Fastify: its headers so far are sent, and nothing else is written to it. */
export function openSse({ request, reply, keepAliveMs }: Exchange): SseStream {
  reply.hijack()
  leaveFlight(request)
  const { raw } = reply
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  })
  raw.flushHeaders()
  raw.socket?.setNoDelay(true)
  return makeStream(raw, keepAliveMs, openStreams(reply.server))
}

/** Ends all event streams of a server; their readers come back elsewhere. */
export function closeStreams(server: object): void {
  for (const stream of openStreams(server)) stream.close()
}

function openStreams(server: object): Set<SseStream> {
  // Routes are mounted in encapsulated instances: the HTTP server itself is the same for all.
  const key = (server as { server: object }).server
  const existing = streams.get(key)
  if (existing) return existing
  const made = new Set<SseStream>()
  streams.set(key, made)
  return made
}

function makeStream(raw: ServerResponse, keepAliveMs: number, open: Set<SseStream>): SseStream {
  const ended = new AbortController()
  // A comment keeps proxies from closing a silent stream. A slow reader has enough to read as it is.
  const keepAlive = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(': keep-alive\n\n')
  }, keepAliveMs)
  const end = () => {
    clearInterval(keepAlive)
    open.delete(stream)
    if (!ended.signal.aborted) ended.abort()
  }
  raw.once('close', end)
  raw.once('error', end)
  const stream: SseStream = {
    closed: ended.signal,
    write: (frames) => ended.signal.aborted || raw.write(frames),
    drained: () =>
      new Promise((resolve) => {
        if (ended.signal.aborted || !raw.writableNeedDrain) {
          resolve()
          return
        }
        const go = () => {
          raw.off('drain', go)
          ended.signal.removeEventListener('abort', go)
          resolve()
        }
        raw.once('drain', go)
        ended.signal.addEventListener('abort', go, { once: true })
      }),
    close() {
      if (!raw.writableEnded) raw.end()
      end()
    },
  }
  open.add(stream)
  if (raw.destroyed) end()
  return stream
}
