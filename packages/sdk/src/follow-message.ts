import { applyEvent, type Message, type Part } from '@parley/contract'
import type { RunStream } from './run-stream.ts'

/**
 * A message as a run writes it. Each value is a new object in which only the parts that changed are new, so that views
 * can compare by identity. Events that arrive before `frame` resolves come as one value.
 */
export async function* followMessage(
  message: Message,
  events: RunStream,
  frame: () => Promise<void> = () => new Promise((resolve) => setTimeout(resolve, 16)),
): AsyncGenerator<Message> {
  const working: Message = { ...message, parts: message.parts.map((part) => ({ ...part })) }
  let shown = message
  let changed = Promise.withResolvers<void>()
  let fresh = false
  let ended = false
  const iterator = events[Symbol.asyncIterator]()

  const reading = (async () => {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      applyEvent(working, next.value.event)
      fresh = true
      changed.resolve()
    }
  })().finally(() => {
    ended = true
    changed.resolve()
  })
  // Told below, when its turn comes; until then it must not count as unhandled.
  reading.catch(() => undefined)

  try {
    while (!ended || fresh) {
      await changed.promise
      if (!ended) await frame()
      changed = Promise.withResolvers<void>()
      if (ended) changed.resolve()
      if (!fresh) continue
      fresh = false
      shown = snapshot(working, shown)
      yield shown
    }
    await reading
  } finally {
    // Not awaited: a reader waiting for the network ends by its signal, and nobody waits for it any more.
    void iterator.return?.()
  }
}

function snapshot(working: Message, shown: Message): Message {
  const parts = Array.from(working.parts, (part, index) => {
    const before = shown.parts[index]
    return before && sameFields(before, part) ? before : { ...part }
  })
  return { ...working, parts }
}

function sameFields(a: Part, b: Part): boolean {
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  const keys = Object.keys(left)
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key])
}
