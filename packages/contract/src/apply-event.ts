import type { RunEvent } from './events.ts'
import type { Message, ToolCallPart } from './messages.ts'

/**
 * What an event means for the assistant message it is about: changes `message` in place. The server writes its journal
 * with this same function, so a reader that applies every event ends with exactly what is stored.
 *
 * Step numbers, titles and states of parts come by `parley.part`, which precedes the AG-UI event of the same part.
 */
export function applyEvent(message: Message, event: RunEvent): void {
  switch (event.type) {
    case 'TEXT_MESSAGE_CONTENT':
    case 'REASONING_MESSAGE_CONTENT': {
      const part = message.parts[partIndexOf(event.messageId)]
      if (part?.type === 'text' || part?.type === 'reasoning') part.text += event.delta
      return
    }
    case 'TOOL_CALL_ARGS': {
      const part = findToolCall(message, event.toolCallId)
      if (part) part.arguments += event.delta
      return
    }
    case 'ACTIVITY_SNAPSHOT': {
      const { toolCallId, ...progress } = event.content
      const part = findToolCall(message, toolCallId)
      if (part) part.progress = progress
      return
    }
    case 'CUSTOM':
      applyCustom(message, event)
      return
    default:
  }
}

function applyCustom(message: Message, event: Extract<RunEvent, { type: 'CUSTOM' }>): void {
  switch (event.name) {
    case 'parley.part':
      message.parts[event.value.index] = { ...event.value.part }
      return
    case 'parley.rewind': {
      // A rewind is about the journal; what siblings there are is for the reader to know.
      const { siblingIds: _, ...rest } = event.value.message
      Object.assign(message, rest, { parts: rest.parts.map((part) => ({ ...part })) })
      return
    }
    case 'parley.model':
      message.model = event.value.model
      return
    case 'parley.message':
      Object.assign(message, event.value.message)
  }
}

/** AG-UI id of a text or reasoning part. */
export function partMessageId(messageId: string, index: number): string {
  return `${messageId}/${index}`
}

function partIndexOf(partMessageId: string): number {
  return Number(partMessageId.slice(partMessageId.lastIndexOf('/') + 1))
}

function findToolCall(message: Message, toolCallId: string): ToolCallPart | undefined {
  return message.parts.findLast(
    (part): part is ToolCallPart => part.type === 'tool-call' && part.toolCallId === toolCallId,
  )
}
