import type { AdapterEvent } from '../adapters/index.ts'
import type { ModelEvent } from '../types.ts'

/** What a reply came to. */
export function collect(events: (AdapterEvent | ModelEvent)[]) {
  const calls: { id: string; name: string; arguments: string; ended: boolean }[] = []
  const signatures: string[] = []
  let text = ''
  let reasoning = ''
  let finish: AdapterEvent | ModelEvent | undefined
  for (const event of events) {
    if (finish) throw new Error(`${event.type} after the end`)
    if (event.type === 'text') text += event.delta
    else if (event.type === 'reasoning') reasoning += event.delta
    else if (event.type === 'reasoning-signature') signatures.push(event.signature)
    else if (event.type === 'tool-call-start') {
      calls.push({ id: event.id, name: event.name, arguments: '', ended: false })
    } else if (event.type === 'finish') finish = event
    else if (event.type !== 'source') {
      const call = calls.find((candidate) => candidate.id === event.id)
      if (!call || call.ended) throw new Error(`${event.type} of a call that is not open`)
      if (event.type === 'tool-call-end') call.ended = true
      else call.arguments += event.delta
    }
  }
  return { text, reasoning, signatures, calls, finish }
}
