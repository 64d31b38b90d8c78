import { setTimeout as sleep } from 'node:timers/promises'
import { MessageBudget, maxMessageBytes } from './message-limits.ts'

/**
 * `fetch` whose answers cannot be larger than a message may be (an event stream: no single event), and whose event
 * streams are read no faster than a server may be listened to.
 */
export function boundedFetch(fetchFrom: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await fetchFrom(input, init)
    if (!response.body) return response
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
    const bounded = new Response(response.body.pipeThrough(isStream ? boundEvents() : boundBytes()), response)
    return Object.defineProperty(bounded, 'url', { value: response.url })
  }
}

function boundBytes(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > maxMessageBytes) controller.error(tooLarge())
      else controller.enqueue(chunk)
    },
  })
}

function boundEvents(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0
  let previous = 0
  const budget = new MessageBudget()
  return new TransformStream({
    async transform(chunk, controller) {
      let events = 0
      for (const byte of chunk) {
        bytes++
        if (byte === 13) continue
        if (byte === 10 && previous === 10) {
          events++
          bytes = 0
        }
        previous = byte
      }
      if (bytes > maxMessageBytes) {
        controller.error(tooLarge())
        return
      }
      controller.enqueue(chunk)
      if (events === 0) return
      budget.count(events)
      const pauseMs = budget.pauseMs()
      if (pauseMs > 0) await sleep(pauseMs)
    },
  })
}

function tooLarge(): Error {
  return new Error(`The server sent a message of more than ${maxMessageBytes / 1024 / 1024} MB.`)
}
