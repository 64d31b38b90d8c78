import { failures, piecesOf, type Step, type Usage } from './scripted-model-steps.ts'

export type WireProtocol = 'openai' | 'anthropic'
type ToolCall = Extract<Step, { type: 'tool-call' }>
type Finish = Extract<Step, { type: 'finish' }>

/** Writes one answer in a vendor's wire format: frames for a stream. Keeps what the format makes one keep. */
export interface WireWriter {
  start(): string
  text(piece: string): string
  reasoning(piece: string): string
  endReasoning(signature: string | undefined): string
  toolCall(call: ToolCall): string
  failure(kind: keyof typeof failures): string
  finish(step: Finish, written: number): string
}

/** The JSON of an answer with a failure's status. */
export function failureBody(protocol: WireProtocol, kind: keyof typeof failures): unknown {
  const facts = failures[kind]
  if (protocol === 'anthropic') return { type: 'error', error: facts.anthropic, request_id: 'req_scripted' }
  return { error: { ...facts.openai, param: null } }
}

export function wireWriter(protocol: WireProtocol, model: string, includeUsage: boolean): WireWriter {
  return protocol === 'openai' ? openaiWriter(model, includeUsage) : anthropicWriter(model)
}

const inPieces = (text: string) => text.match(/.{1,12}/gs) ?? []
const argumentsText = (call: ToolCall) =>
  typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments)

let lastCall = 0
const callId = (prefix: string) => `${prefix}_${(++lastCall).toString(36).padStart(24, '0')}`

/** A count that is about right, for a script that says none. */
function usageOf(step: Finish, written: number): Required<Usage> | null {
  if (step.usage === null) return null
  return { input: 20, output: Math.max(1, Math.ceil(written / 4)), cachedInput: 0, reasoning: 0, ...step.usage }
}

function openaiWriter(model: string, includeUsage: boolean): WireWriter {
  const head = { id: 'chatcmpl-scripted', object: 'chat.completion.chunk', created: 1_760_000_000, model }
  const frame = (delta: object, finishReason: string | null = null) =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`
  let calls = 0
  return {
    start: () => frame({ role: 'assistant', content: '' }),
    text: (content) => frame({ content }),
    reasoning: (piece) => frame({ reasoning_content: piece }),
    endReasoning: () => '',
    toolCall(call) {
      const index = calls++
      const id = call.id ?? callId('call')
      const first = frame({
        tool_calls: [{ index, id, type: 'function', function: { name: call.name, arguments: '' } }],
      })
      const rest = inPieces(argumentsText(call)).map((text) =>
        frame({ tool_calls: [{ index, function: { arguments: text } }] }),
      )
      return [first, ...rest].join('')
    },
    failure: (kind) => `data: ${JSON.stringify(failureBody('openai', kind))}\n\n`,
    finish(step, written) {
      const reason = step.reason ?? (calls > 0 ? 'tool-calls' : 'stop')
      const usage = usageOf(step, written)
      const told =
        usage && includeUsage ? `data: ${JSON.stringify({ ...head, choices: [], usage: openaiUsage(usage) })}\n\n` : ''
      return frame({}, reason.replace('-', '_')) + told + (step.done === false ? '' : 'data: [DONE]\n\n')
    },
  }
}

function openaiUsage(usage: Required<Usage>) {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cachedInput },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  }
}

const stopReasons = { stop: 'end_turn', length: 'max_tokens', 'tool-calls': 'tool_use', 'content-filter': 'refusal' }

function anthropicWriter(model: string): WireWriter {
  const frame = (data: { type: string } & Record<string, unknown>) =>
    `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
  let index = -1
  let open: 'text' | 'thinking' | undefined
  let calls = 0
  const close = () => {
    if (open === undefined) return ''
    open = undefined
    return frame({ type: 'content_block_stop', index })
  }
  const begin = (block: { type: string } & Record<string, unknown>) => {
    const closed = close()
    index += 1
    return closed + frame({ type: 'content_block_start', index, content_block: block })
  }
  const delta = (value: object) => frame({ type: 'content_block_delta', index, delta: value })
  return {
    start: () =>
      frame({
        type: 'message_start',
        message: {
          id: 'msg_scripted',
          type: 'message',
          role: 'assistant',
          model,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 20, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 },
        },
      }) + frame({ type: 'ping' }),
    text(text) {
      const begun = open === 'text' ? '' : begin({ type: 'text', text: '' })
      open = 'text'
      return begun + delta({ type: 'text_delta', text })
    },
    reasoning(thinking) {
      const begun = open === 'thinking' ? '' : begin({ type: 'thinking', thinking: '', signature: '' })
      open = 'thinking'
      return begun + delta({ type: 'thinking_delta', thinking })
    },
    endReasoning: (signature) => delta({ type: 'signature_delta', signature: signature ?? 'c2NyaXB0ZWQ=' }) + close(),
    toolCall(call) {
      calls += 1
      const begun = begin({ type: 'tool_use', id: call.id ?? callId('toolu'), name: call.name, input: {} })
      const pieces = inPieces(argumentsText(call)).map((text) =>
        delta({ type: 'input_json_delta', partial_json: text }),
      )
      return [begun, ...pieces, frame({ type: 'content_block_stop', index })].join('')
    },
    failure: (kind) => frame({ ...(failureBody('anthropic', kind) as { type: string }) }),
    finish(step, written) {
      const reason = step.reason ?? (calls > 0 ? 'tool-calls' : 'stop')
      const usage = usageOf(step, written)
      const end = frame({
        type: 'message_delta',
        delta: { stop_reason: stopReasons[reason], stop_sequence: null },
        usage: {
          input_tokens: (usage?.input ?? 20) - (usage?.cachedInput ?? 0),
          cache_read_input_tokens: usage?.cachedInput ?? 0,
          output_tokens: usage?.output ?? 1,
        },
      })
      return close() + end + (step.done === false ? '' : frame({ type: 'message_stop' }))
    },
  }
}

/** The same answer in one piece, for a request without `stream`. */
export function wholeAnswer(protocol: WireProtocol, model: string, steps: Step[]): unknown {
  const join = (type: 'text' | 'reasoning') =>
    steps.flatMap((step) => (step.type === type ? piecesOf(step.text) : [])).join('')
  const calls = steps.filter((step) => step.type === 'tool-call')
  const finish: Finish = steps.find((step) => step.type === 'finish') ?? { type: 'finish' }
  const usage = usageOf(finish, join('text').length) ?? { input: 0, output: 0, cachedInput: 0, reasoning: 0 }
  const reason = finish.reason ?? (calls.length > 0 ? 'tool-calls' : 'stop')
  if (protocol === 'openai') {
    const toolCalls = calls.map((call) => ({
      id: call.id ?? callId('call'),
      type: 'function',
      function: { name: call.name, arguments: argumentsText(call) },
    }))
    const message = {
      role: 'assistant',
      content: join('text') || null,
      refusal: null,
      ...(join('reasoning') === '' ? {} : { reasoning_content: join('reasoning') }),
      ...(calls.length === 0 ? {} : { tool_calls: toolCalls }),
    }
    return {
      id: 'chatcmpl-scripted',
      object: 'chat.completion',
      created: 1_760_000_000,
      model,
      choices: [{ index: 0, message, finish_reason: reason.replace('-', '_'), logprobs: null }],
      usage: openaiUsage(usage),
    }
  }
  return {
    id: 'msg_scripted',
    type: 'message',
    role: 'assistant',
    model,
    content: [
      ...(join('reasoning') === ''
        ? []
        : [{ type: 'thinking', thinking: join('reasoning'), signature: 'c2NyaXB0ZWQ=' }]),
      ...(join('text') === '' ? [] : [{ type: 'text', text: join('text') }]),
      ...calls.map((call) => ({
        type: 'tool_use',
        id: call.id ?? callId('toolu'),
        name: call.name,
        input: JSON.parse(argumentsText(call)),
      })),
    ],
    stop_reason: stopReasons[reason],
    stop_sequence: null,
    usage: { input_tokens: usage.input, output_tokens: usage.output },
  }
}
