import { endpoints, endsRun, type RunEvent } from '@parley/contract'
import { createParser } from 'eventsource-parser'
import { backOffMs, pause } from './back-off.ts'
import { ParleyError } from './parley-error.ts'
import { pathOf, type Requester } from './request.ts'

/** An event of a run with its number in the run's log: 0 before the first, the last one's for what has none of its own. */
export interface NumberedEvent {
  id: number
  event: RunEvent
}

export type RunStream = AsyncIterable<NumberedEvent>

export interface FollowOptions {
  /** Number of the last event already seen; default: from the beginning. */
  after?: number
  signal?: AbortSignal
  /** Told when the connection is lost and when it is back. */
  onConnection?: (state: 'connected' | 'reconnecting') => void
  /** Silence after which a connection counts as dead; the server says something every 15 s. */
  silenceMs?: number
  /** How long to go on trying while nothing gets through. */
  giveUpMs?: number
}

/**
 * The events of a run until it ends, each exactly once and in order. A lost or silent connection is made again and goes
 * on where it was (Last-Event-ID). Leaving the loop closes the connection; the run goes on.
 * Throws `ParleyError` when the server refuses (4xx) or was away for `giveUpMs`, and the signal's reason.
 */
export async function* followRun(
  requester: Requester,
  runId: string,
  options: FollowOptions = {},
): AsyncGenerator<NumberedEvent> {
  const { silenceMs = 45_000, giveUpMs = 15 * 60_000, onConnection } = options
  const path = pathOf(endpoints.streamRun.path, { id: runId })
  const left = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal
  let last = options.after ?? 0
  let firstPauseMs = 300
  let failures = 0
  let lostAt = Date.now()

  try {
    for (;;) {
      try {
        const headers: Record<string, string> = { accept: 'text/event-stream' }
        if (last > 0) headers['last-event-id'] = String(last)
        const silence = silenceWatch(silenceMs, signal)
        try {
          const response = await requester.send(path, { headers, signal: silence.signal })
          onConnection?.('connected')
          for await (const message of readEvents(response, silence.heard, (ms) => (firstPauseMs = ms))) {
            failures = 0
            lostAt = Date.now()
            if (message.id !== null) {
              if (message.id <= last) continue
              last = message.id
            }
            yield { id: last, event: message.event }
            if (endsRun(message.event)) return
          }
        } finally {
          silence.end()
        }
      } catch (error) {
        signal.throwIfAborted()
        if (isFinal(error)) throw error
        if (Date.now() - lostAt > giveUpMs) {
          throw new ParleyError('network', 'The connection was lost and could not be made again.', { cause: error })
        }
        if (error instanceof ParleyError && error.retryAfter) await pause(error.retryAfter * 1000, signal)
      }
      onConnection?.('reconnecting')
      await pause(backOffMs(++failures, { first: firstPauseMs }), signal)
    }
  } finally {
    left.abort()
  }
}

/** Refusals that another try would only repeat. */
function isFinal(error: unknown): boolean {
  return error instanceof ParleyError && error.status >= 400 && error.status < 500 && error.status !== 429
}

/** A signal that aborts after `ms` without a call of `heard`. */
function silenceWatch(ms: number, outer: AbortSignal) {
  const silent = new AbortController()
  const fire = () => silent.abort(new ParleyError('network', 'The connection went silent.'))
  let timer = setTimeout(fire, ms)
  return {
    signal: AbortSignal.any([outer, silent.signal]),
    heard() {
      clearTimeout(timer)
      timer = setTimeout(fire, ms)
    },
    end() {
      clearTimeout(timer)
      silent.abort()
    },
  }
}

/** Server-sent events (WHATWG HTML, 9.2) of an answer. `retry:` is passed on, comments only count as a sign of life. */
async function* readEvents(
  response: Response,
  heard: () => void,
  onRetry: (ms: number) => void,
): AsyncGenerator<{ id: number | null; event: RunEvent }> {
  const ready: { id: number | null; event: RunEvent }[] = []
  const parser = createParser({
    onEvent: ({ id, data }) => ready.push({ id: id ? Number(id) : null, event: JSON.parse(data) as RunEvent }),
    onRetry,
  })
  const decoder = new TextDecoder()
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      heard()
      parser.feed(decoder.decode(value, { stream: true }))
      yield* ready.splice(0)
    }
  } finally {
    // Cancelling fails only when the connection is gone already, which is what is wanted.
    await reader.cancel().catch(() => undefined)
  }
}
