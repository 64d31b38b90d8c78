import { setTimeout as sleep } from 'node:timers/promises'
import type { Fetch } from '../../platform/net/index.ts'
import { MessageBudget, maxMessageBytes } from './message-limits.ts'

/**
 * `fetch` whose answers cannot be larger than a message may be (an event stream: no single event), and whose event
 * streams are read no faster than a server may be listened to.
 */
export function boundedFetch(fetchFrom: Fetch): Fetch {
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
      let handedOn = 0
      for (let at = 0; at < chunk.length; at++) {
        bytes++
        const byte = chunk[at]!
        if (byte === 13) continue
        const endsEvent = byte === 10 && previous === 10
        previous = byte
        if (!endsEvent) continue
        bytes = 0
        const waitMs = budget.spend()
        if (waitMs === 0) continue
        controller.enqueue(chunk.subarray(handedOn, at + 1))
        handedOn = at + 1
        await sleep(waitMs)
      }
      if (bytes > maxMessageBytes) controller.error(tooLarge())
      else if (handedOn < chunk.length) controller.enqueue(chunk.subarray(handedOn))
    },
  })
}

function tooLarge(): Error {
  return new Error(`The server sent a message of more than ${maxMessageBytes / 1024 / 1024} MB.`)
}
