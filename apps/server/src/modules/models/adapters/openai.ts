import { randomUUID } from 'node:crypto'
import { isRecord } from '../classify-failure.ts'
import type { FinishReason, Model, Prompt, PromptImage, PromptMessage, PromptText, Tokens } from '../types.ts'
import { type Adapter, type AdapterEvent, ProviderSaid, type Translator, Unreadable } from './adapter.ts'
import { count, nameAtProvider } from './vendor-values.ts'

/**
 * The chat-completions protocol as OpenAI defines it (https://platform.openai.com/docs/api-reference/chat) and as Ollama,
 * vLLM, llama.cpp, Groq, Mistral, DeepSeek, Google and others speak it.
 */
export const openai: Adapter = {
  path: '/chat/completions',
  headers: (apiKey) => ({ authorization: apiKey && `Bearer ${apiKey}` }),
  body(connection, model, prompt, maxOutputTokens) {
    // Only OpenAI itself wants the new name; the others know the old one, and some nothing else.
    const limit = isOpenAi(connection.baseUrl) ? 'max_completion_tokens' : 'max_tokens'
    return JSON.stringify({
      model: nameAtProvider(model),
      messages: wireMessages(prompt, model),
      ...(prompt.tools.length === 0 ? {} : { tools: prompt.tools.map(wireTool) }),
      ...(maxOutputTokens === undefined ? {} : { [limit]: maxOutputTokens }),
      stream: true,
      stream_options: { include_usage: true },
    })
  },
  translator: (emit) => new ChatCompletionTranslator(emit),
}

function isOpenAi(baseUrl: string): boolean {
  return new URL(baseUrl).hostname === 'api.openai.com'
}

function wireTool({ name, description, inputSchema }: Prompt['tools'][number]) {
  return { type: 'function', function: { name, description, parameters: inputSchema } }
}

function wireMessages(prompt: Prompt, model: Model): unknown[] {
  const system = prompt.system === '' ? [] : [{ role: 'system', content: prompt.system }]
  return [...system, ...prompt.messages.flatMap((message) => wireMessage(message, model))]
}

function wireMessage(message: PromptMessage, model: Model): unknown[] {
  switch (message.role) {
    case 'user':
      return [{ role: 'user', content: wireContent(message.content, model) }]
    case 'assistant': {
      const text = message.content.flatMap((item) => (item.type === 'text' ? [item.text] : [])).join('\n\n')
      const calls = message.content.flatMap((item) =>
        item.type === 'tool-call'
          ? [{ id: item.id, type: 'function', function: { name: item.name, arguments: item.arguments || '{}' } }]
          : [],
      )
      if (calls.length === 0) return [{ role: 'assistant', content: text }]
      return [{ role: 'assistant', content: text === '' ? null : text, tool_calls: calls }]
    }
    case 'tool': {
      const answers = message.results.map((result) => ({
        role: 'tool',
        tool_call_id: result.toolCallId,
        content: resultText(result.content),
      }))
      // Tool messages take text alone, so pictures follow as if the person had shown them.
      const images = message.results.flatMap((result) => result.content.filter((item) => item.type === 'image'))
      if (images.length === 0 || !model.capabilities.images) return answers
      const note: PromptText = { type: 'text', text: 'Images from the tool results above:' }
      return [...answers, { role: 'user', content: wireContent([note, ...images], model) }]
    }
  }
}

function resultText(content: (PromptText | PromptImage)[]): string {
  return content.map((item) => (item.type === 'text' ? item.text : `[image, ${item.mediaType}]`)).join('\n')
}

function wireContent(content: (PromptText | PromptImage)[], model: Model): unknown {
  const hasImages = model.capabilities.images && content.some((item) => item.type === 'image')
  if (!hasImages) return resultText(content)
  return content.map((item) =>
    item.type === 'text'
      ? { type: 'text', text: item.text }
      : { type: 'image_url', image_url: { url: `data:${item.mediaType};base64,${item.bytes.toString('base64')}` } },
  )
}

interface OpenCall {
  index: unknown
  /** As the provider named it; may be missing. */
  wireId: string | undefined
  id: string
  name: string
  /** Arguments that came before the name. */
  held: string
  started: boolean
}

class ChatCompletionTranslator implements Translator {
  readonly #emit: (event: AdapterEvent) => void
  readonly #calls: OpenCall[] = []
  #reason: FinishReason | undefined
  #tokens: Tokens | null = null
  #done = false
  #finished = false

  constructor(emit: (event: AdapterEvent) => void) {
    this.#emit = emit
  }

  push(chunk: unknown): void {
    if (chunk === '[DONE]') {
      this.#done = true
      return
    }
    if (!isRecord(chunk)) throw new Unreadable('it sent something that is not a reply')
    // `error: null` is common in healthy chunks.
    if (chunk.error || chunk.object === 'error') throw new ProviderSaid(chunk)
    const usage = chunk.usage ?? (isRecord(chunk.x_groq) ? chunk.x_groq.usage : undefined)
    if (isRecord(usage)) this.#tokens = readUsage(usage)
    const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined
    if (!isRecord(choice)) return
    // A server that ignores `stream` answers a whole message.
    const delta = choice.delta ?? choice.message
    if (isRecord(delta)) this.#readDelta(delta)
    if (typeof choice.finish_reason === 'string' && choice.finish_reason !== '') {
      this.#reason = FINISH_REASONS[choice.finish_reason] ?? 'stop'
    }
  }

  #readDelta(delta: Record<string, unknown>): void {
    const reasoning = delta.reasoning_content ?? delta.reasoning
    if (typeof reasoning === 'string' && reasoning !== '') this.#emit({ type: 'reasoning', delta: reasoning })
    const { content } = delta
    if (typeof content === 'string') {
      if (content !== '') this.#emit({ type: 'text', delta: content })
    } else if (Array.isArray(content)) {
      for (const item of content) this.#readContentPart(item)
    }
    if (typeof delta.refusal === 'string' && delta.refusal !== '') this.#emit({ type: 'text', delta: delta.refusal })
    if (Array.isArray(delta.tool_calls)) for (const call of delta.tool_calls) this.#readCall(call)
  }

  /** Mistral's reasoning models send lists: `{type: 'thinking', thinking: [{type: 'text', text}]}`. */
  #readContentPart(part: unknown): void {
    if (!isRecord(part)) return
    if (typeof part.text === 'string' && part.text !== '') this.#emit({ type: 'text', delta: part.text })
    if (!Array.isArray(part.thinking)) return
    for (const item of part.thinking) {
      if (isRecord(item) && typeof item.text === 'string') this.#emit({ type: 'reasoning', delta: item.text })
    }
  }

  #readCall(delta: unknown): void {
    if (!isRecord(delta)) return
    const wireId = typeof delta.id === 'string' && delta.id !== '' ? delta.id : undefined
    const fn = isRecord(delta.function) ? delta.function : {}
    const call = this.#findCall(delta.index, wireId, fn.name) ?? this.#addCall(delta.index, wireId)
    if (!call.started && typeof fn.name === 'string' && fn.name !== '') {
      call.name = fn.name
      call.started = true
      this.#emit({ type: 'tool-call-start', id: call.id, name: call.name })
      if (call.held !== '') this.#emit({ type: 'tool-call-arguments', id: call.id, delta: call.held })
    }
    const text = isRecord(fn.arguments) ? JSON.stringify(fn.arguments) : fn.arguments
    if (typeof text !== 'string' || text === '') return
    if (call.started) this.#emit({ type: 'tool-call-arguments', id: call.id, delta: text })
    else call.held += text
  }

  /**
   * The call a piece belongs to. By its number; where numbers are missing, or all the same although a new id and name
   * come (Google), by its id; without either it continues the latest.
   */
  #findCall(index: unknown, wireId: string | undefined, name: unknown): OpenCall | undefined {
    const hasIndex = typeof index === 'number'
    const found = hasIndex ? this.#calls.findLast((call) => call.index === index) : undefined
    const isAnother =
      found && wireId !== undefined && found.wireId !== wireId && typeof name === 'string' && name !== ''
    if (found && !isAnother) return found
    if (wireId !== undefined) return this.#calls.find((call) => call.wireId === wireId)
    if (hasIndex || (typeof name === 'string' && name !== '')) return undefined
    return this.#calls.at(-1)
  }

  #addCall(index: unknown, wireId: string | undefined): OpenCall {
    const id = wireId ?? `call_${randomUUID().replaceAll('-', '')}`
    const call = { index, wireId, id, name: '', held: '', started: false }
    this.#calls.push(call)
    return call
  }

  isDone(): boolean {
    return this.#done
  }

  end(): void {
    if (this.#finished) return
    this.#finished = true
    if (this.#reason === undefined && !this.#done) throw new Unreadable('it ended before the reply did')
    if (this.#calls.some((call) => !call.started)) throw new Unreadable('it asked for a tool without naming it')
    for (const call of this.#calls) this.#emit({ type: 'tool-call-end', id: call.id })
    const ended = this.#reason ?? 'stop'
    const reason = this.#calls.length > 0 && ended === 'stop' ? 'tool-calls' : ended
    this.#emit({ type: 'finish', reason, tokens: this.#tokens })
  }
}

const FINISH_REASONS: Record<string, FinishReason> = {
  stop: 'stop',
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
}

function readUsage(usage: Record<string, unknown>): Tokens {
  const input = isRecord(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {}
  const output = isRecord(usage.completion_tokens_details) ? usage.completion_tokens_details : {}
  return {
    input: count(usage.prompt_tokens),
    cachedInput: count(input.cached_tokens ?? usage.prompt_cache_hit_tokens),
    output: count(usage.completion_tokens),
    reasoning: count(output.reasoning_tokens),
  }
}
