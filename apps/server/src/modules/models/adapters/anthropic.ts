import { isRecord } from '../classify-failure.ts'
import type { FinishReason, Model, Prompt, PromptImage, PromptMessage, PromptText, Tokens } from '../types.ts'
import { type Adapter, type AdapterEvent, ProviderSaid, type Translator, Unreadable } from './adapter.ts'
import { count, nameAtProvider } from './vendor-values.ts'

/** The Messages protocol (https://docs.anthropic.com/en/api/messages, version 2023-06-01). */
export const anthropic: Adapter = {
  path: '/v1/messages',
  headers: (apiKey) => ({ 'anthropic-version': '2023-06-01', 'x-api-key': apiKey }),
  body(_connection, model, prompt, maxOutputTokens) {
    return JSON.stringify({
      model: nameAtProvider(model),
      max_tokens: Math.min(maxOutputTokens ?? model.maxOutputTokens, model.maxOutputTokens),
      ...(prompt.system === '' ? {} : { system: [{ type: 'text', text: prompt.system, cache_control: CACHED }] }),
      ...(prompt.tools.length === 0 ? {} : { tools: withBreakpoint(prompt.tools.map(wireTool)) }),
      messages: wireMessages(prompt.messages, model),
      stream: true,
    })
  },
  translator: (emit) => new MessagesTranslator(emit),
}

type Block = { type: string } & Record<string, unknown>

/** What comes before a block with this mark is cached and billed at a tenth when it comes again. */
const CACHED = { type: 'ephemeral' }

function withBreakpoint<T extends object>(items: T[]): T[] {
  return items.map((item, index) => (index === items.length - 1 ? { ...item, cache_control: CACHED } : item))
}

function wireTool({ name, description, inputSchema }: Prompt['tools'][number]) {
  return { name, description, input_schema: { type: 'object', ...inputSchema } }
}

/** User and assistant in turn: neighbours of one role are merged, as tool results and what the person says next are. */
function wireMessages(messages: PromptMessage[], model: Model): { role: string; content: Block[] }[] {
  const merged: { role: string; content: Block[] }[] = []
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = wireBlocks(message, model)
    if (content.length === 0) continue
    const last = merged.at(-1)
    if (last?.role === role) last.content.push(...content)
    else merged.push({ role, content })
  }
  const last = merged.at(-1)
  // Reasoning cannot carry the mark; a conversation ends with the person or with results anyway.
  if (last?.role === 'user') last.content = withBreakpoint(last.content)
  return merged
}

function wireBlocks(message: PromptMessage, model: Model): Block[] {
  switch (message.role) {
    case 'user':
      return wireContent(message.content, model)
    case 'tool':
      return message.results.map((result) => ({
        type: 'tool_result',
        tool_use_id: result.toolCallId,
        content: wireContent(result.content, model),
        ...(result.isError ? { is_error: true } : {}),
      }))
    case 'assistant':
      return message.content.flatMap((item): Block[] => {
        switch (item.type) {
          case 'text':
            // Empty text, and text of white space alone, is refused.
            return item.text.trim() === '' ? [] : [{ type: 'text', text: item.text }]
          case 'reasoning':
            return wireReasoning(item)
          default:
            return [{ type: 'tool_use', id: item.id, name: item.name, input: parseInput(item.arguments) }]
        }
      })
  }
}

/** Only signed reasoning may go back: unsigned comes from another vendor's model, or was cut off. */
function wireReasoning({ text, signature }: { text: string; signature?: string }): Block[] {
  if (signature === undefined || signature === '') return []
  if (signature.startsWith(REDACTED)) return [{ type: 'redacted_thinking', data: signature.slice(REDACTED.length) }]
  return [{ type: 'thinking', thinking: text, signature }]
}

/** Marks the signature of reasoning whose text the provider keeps to itself. */
const REDACTED = 'redacted:'

function wireContent(content: (PromptText | PromptImage)[], model: Model): Block[] {
  return content.flatMap((item): Block[] => {
    if (item.type === 'text') return item.text.trim() === '' ? [] : [{ type: 'text', text: item.text }]
    if (!model.capabilities.images) return [{ type: 'text', text: `[image, ${item.mediaType}]` }]
    const source = { type: 'base64', media_type: item.mediaType, data: item.bytes.toString('base64') }
    return [{ type: 'image', source }]
  })
}

/** What the model wrote may be cut off; the protocol wants an object. */
function parseInput(text: string): Record<string, unknown> {
  try {
    const input: unknown = JSON.parse(text || '{}')
    return isRecord(input) ? input : {}
  } catch {
    return {}
  }
}

type OpenBlock = { type: 'text' | 'thinking' } | { type: 'tool_use'; id: string; hasInput: boolean; whole: unknown }

class MessagesTranslator implements Translator {
  readonly #emit: (event: AdapterEvent) => void
  /** By the number the provider gives them. */
  readonly #blocks = new Map<unknown, OpenBlock>()
  #usage: Record<string, unknown> | null = null
  #reason: FinishReason | undefined
  #done = false

  constructor(emit: (event: AdapterEvent) => void) {
    this.#emit = emit
  }

  push(event: unknown): void {
    if (!isRecord(event)) throw new Unreadable('it sent something that is not a reply')
    switch (event.type) {
      case 'message_start':
        if (isRecord(event.message)) this.#addUsage(event.message.usage)
        break
      case 'content_block_start':
        if (isRecord(event.content_block)) this.#startBlock(event.index, event.content_block)
        break
      case 'content_block_delta':
        if (isRecord(event.delta)) this.#readDelta(this.#blocks.get(event.index), event.delta)
        break
      case 'content_block_stop':
        this.#endBlock(event.index)
        break
      case 'message_delta':
        this.#addUsage(event.usage)
        if (isRecord(event.delta) && typeof event.delta.stop_reason === 'string') {
          this.#reason = STOP_REASONS[event.delta.stop_reason] ?? 'stop'
        }
        break
      case 'message_stop':
        this.#done = true
        break
      case 'error':
        throw new ProviderSaid(event)
    }
  }

  #startBlock(index: unknown, block: Record<string, unknown>): void {
    if (block.type === 'tool_use' && typeof block.id === 'string' && typeof block.name === 'string') {
      this.#blocks.set(index, { type: 'tool_use', id: block.id, hasInput: false, whole: block.input })
      this.#emit({ type: 'tool-call-start', id: block.id, name: block.name })
    } else if (block.type === 'text') {
      this.#blocks.set(index, { type: 'text' })
      if (typeof block.text === 'string' && block.text !== '') this.#emit({ type: 'text', delta: block.text })
    } else if (block.type === 'thinking') {
      this.#blocks.set(index, { type: 'thinking' })
      if (typeof block.thinking === 'string' && block.thinking !== '') {
        this.#emit({ type: 'reasoning', delta: block.thinking })
      }
    } else if (block.type === 'redacted_thinking' && typeof block.data === 'string') {
      this.#emit({ type: 'reasoning', delta: '' })
      this.#emit({ type: 'reasoning-signature', signature: REDACTED + block.data })
    }
  }

  #readDelta(block: OpenBlock | undefined, delta: Record<string, unknown>): void {
    if (typeof delta.text === 'string' && delta.text !== '') this.#emit({ type: 'text', delta: delta.text })
    else if (typeof delta.thinking === 'string' && delta.thinking !== '') {
      this.#emit({ type: 'reasoning', delta: delta.thinking })
    } else if (typeof delta.signature === 'string') {
      this.#emit({ type: 'reasoning-signature', signature: delta.signature })
    } else if (typeof delta.partial_json === 'string' && delta.partial_json !== '' && block?.type === 'tool_use') {
      block.hasInput = true
      this.#emit({ type: 'tool-call-arguments', id: block.id, delta: delta.partial_json })
    }
  }

  #endBlock(index: unknown): void {
    const block = this.#blocks.get(index)
    this.#blocks.delete(index)
    if (block?.type !== 'tool_use') return
    // Some servers give the whole input at the start.
    if (!block.hasInput && isRecord(block.whole) && Object.keys(block.whole).length > 0) {
      this.#emit({ type: 'tool-call-arguments', id: block.id, delta: JSON.stringify(block.whole) })
    }
    this.#emit({ type: 'tool-call-end', id: block.id })
  }

  /** The later report has the final counts; what it leaves out stays as it was. */
  #addUsage(usage: unknown): void {
    if (!isRecord(usage)) return
    const told = Object.entries(usage).filter(([, value]) => value !== null && value !== undefined)
    this.#usage = { ...this.#usage, ...Object.fromEntries(told) }
  }

  isDone(): boolean {
    return this.#done
  }

  end(): void {
    if (!this.#done && this.#reason === undefined) throw new Unreadable('it ended before the reply did')
    for (const index of [...this.#blocks.keys()]) this.#endBlock(index)
    this.#emit({ type: 'finish', reason: this.#reason ?? 'stop', tokens: readUsage(this.#usage) })
  }
}

const STOP_REASONS: Record<string, FinishReason> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  refusal: 'content-filter',
}

/** Here the cached part of the input is told apart from the rest, not within it. */
function readUsage(usage: Record<string, unknown> | null): Tokens | null {
  if (usage === null) return null
  const cachedInput = count(usage.cache_read_input_tokens)
  return {
    input: count(usage.input_tokens) + count(usage.cache_creation_input_tokens) + cachedInput,
    cachedInput,
    output: count(usage.output_tokens),
    reasoning: 0,
  }
}
