import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collect } from '../testing/collect.ts'
import type { Connection, Model, Prompt } from '../types.ts'
import { type AdapterEvent, ProviderSaid, Unreadable } from './adapter.ts'
import { anthropic } from './anthropic.ts'

const model = {
  id: 'anthropic/claude-sonnet-4-5',
  maxOutputTokens: 64_000,
  capabilities: { images: true },
} as Model
const connection: Connection = {
  name: 'Anthropic',
  protocol: 'anthropic',
  baseUrl: 'https://api.anthropic.com',
  apiKey: 'sk-ant-test',
  trusted: true,
}

function replay(recording: string, pieces: string[] = [recording]): AdapterEvent[] {
  const events: AdapterEvent[] = []
  const translator = anthropic.translator((event) => events.push(event))
  const parser = createParser({ onEvent: ({ data }) => translator.push(JSON.parse(data)) })
  for (const piece of pieces) parser.feed(piece)
  parser.feed('\n\n')
  translator.end()
  return events
}

const sse = (...events: ({ type: string } & Record<string, unknown>)[]) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
const start = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    content: [],
    usage: { input_tokens: 25, cache_creation_input_tokens: 10, cache_read_input_tokens: 100, output_tokens: 1 },
  },
}
const begin = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block })
const delta = (index: number, value: object) => ({ type: 'content_block_delta', index, delta: value })
const stop = (index: number) => ({ type: 'content_block_stop', index })
const end = (stop_reason: string, output_tokens = 42) => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens } },
  { type: 'message_stop' },
]

const thinkingAndTools = sse(
  start,
  { type: 'ping' },
  begin(0, { type: 'thinking', thinking: '', signature: '' }),
  delta(0, { type: 'thinking_delta', thinking: 'Überlegen…' }),
  delta(0, { type: 'signature_delta', signature: 'EqQB' }),
  stop(0),
  begin(1, { type: 'text', text: '' }),
  delta(1, { type: 'text_delta', text: 'I look ☕' }),
  stop(1),
  begin(2, { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }),
  delta(2, { type: 'input_json_delta', partial_json: '' }),
  delta(2, { type: 'input_json_delta', partial_json: '{"city": "U' }),
  delta(2, { type: 'input_json_delta', partial_json: 'lm"}' }),
  stop(2),
  begin(3, { type: 'tool_use', id: 'toolu_2', name: 'time', input: {} }),
  stop(3),
  ...end('tool_use'),
)

describe('a recorded stream', () => {
  test('with thinking, text, tools and usage', () => {
    expect(collect(replay(thinkingAndTools))).toEqual({
      text: 'I look ☕',
      reasoning: 'Überlegen…',
      signatures: ['EqQB'],
      calls: [
        { id: 'toolu_1', name: 'weather', arguments: '{"city": "Ulm"}', ended: true },
        { id: 'toolu_2', name: 'time', arguments: '', ended: true },
      ],
      finish: {
        type: 'finish',
        reason: 'tool-calls',
        tokens: { input: 135, cachedInput: 100, output: 42, reasoning: 0 },
      },
    })
  })

  test('of a refusal, a limit, and events of later versions', () => {
    expect(collect(replay(sse(start, { type: 'novelty' }, ...end('refusal')))).finish).toMatchObject({
      reason: 'content-filter',
    })
    expect(collect(replay(sse(start, ...end('max_tokens')))).finish).toMatchObject({ reason: 'length' })
  })

  test('that is cut off, or holds an error, throws', () => {
    expect(() => replay(sse(start, begin(0, { type: 'text', text: 'a' })))).toThrow(Unreadable)
    const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    expect(() => replay(sse(start, overloaded))).toThrow(ProviderSaid)
  })

  test('comes out the same however it is cut', () => {
    const whole = replay(thinkingAndTools)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: thinkingAndTools.length - 1 }), { maxLength: 60 }), (cuts) => {
        const places = [0, ...new Set(cuts), thinkingAndTools.length].sort((a, b) => a - b)
        const pieces = places.slice(1).map((place, index) => thinkingAndTools.slice(places[index], place))
        expect(replay(thinkingAndTools, pieces)).toEqual(whole)
      }),
      { numRuns: 100 },
    )
  })
})

describe('a request', () => {
  const image = { type: 'image' as const, mediaType: 'image/png', bytes: Buffer.from('PNG') }
  const prompt: Prompt = {
    system: 'Be brief.',
    tools: [
      { name: 'a', description: 'A', inputSchema: { type: 'object', properties: {} } },
      { name: 'b', description: 'B', inputSchema: {} },
    ],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Go' }, image] },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'hm', signature: 'sig' },
          { type: 'reasoning', text: 'of another vendor' },
          { type: 'reasoning', text: '', signature: 'redacted:BLOB' },
          { type: 'text', text: '  ' },
          { type: 'tool-call', id: 't1', name: 'a', arguments: '{"x":1}' },
          { type: 'tool-call', id: 't2', name: 'b', arguments: '{"cut' },
        ],
      },
      {
        role: 'tool',
        results: [
          { toolCallId: 't1', name: 'a', isError: false, content: [{ type: 'text', text: 'ok' }, image] },
          { toolCallId: 't2', name: 'b', isError: true, content: [{ type: 'text', text: 'no' }] },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'And now?' }] },
    ],
  }
  const body = JSON.parse(anthropic.body(connection, model, prompt, undefined))
  const source = { type: 'base64', media_type: 'image/png', data: 'UE5H' }

  test('merges results and what the person says next, and returns signed thinking unchanged', () => {
    expect(body.messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Go' },
          { type: 'image', source },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'sig' },
          { type: 'redacted_thinking', data: 'BLOB' },
          { type: 'tool_use', id: 't1', name: 'a', input: { x: 1 } },
          { type: 'tool_use', id: 't2', name: 'b', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 't1',
            content: [
              { type: 'text', text: 'ok' },
              { type: 'image', source },
            ],
          },
          { type: 'tool_result', tool_use_id: 't2', content: [{ type: 'text', text: 'no' }], is_error: true },
          { type: 'text', text: 'And now?', cache_control: { type: 'ephemeral' } },
        ],
      },
    ])
  })

  test('says the required limit and marks what may be cached', () => {
    expect(body.max_tokens).toBe(64_000)
    expect(body.system).toEqual([{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }])
    expect(body.tools).toEqual([
      { name: 'a', description: 'A', input_schema: { type: 'object', properties: {} } },
      { name: 'b', description: 'B', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral' } },
    ])
  })

  test('is the same, byte for byte, for the same prompt', () => {
    expect(anthropic.body(connection, model, structuredClone({ ...prompt, messages: [] }), 5)).toBe(
      anthropic.body(connection, model, { ...prompt, messages: [] }, 5),
    )
  })
})
