import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collect } from '../testing/collect.ts'
import type { Connection, Model, Prompt } from '../types.ts'
import { type AdapterEvent, ProviderSaid, Unreadable } from './adapter.ts'
import { openai } from './openai.ts'

const model = { id: 'openai/gpt-4o', capabilities: { images: true } } as Model
const connection: Connection = {
  name: 'OpenAI',
  protocol: 'openai',
  baseUrl: 'https://api.openai.com/v1',
  apiKey: 'sk-test',
  trusted: true,
}

/** Feeds a recorded body, cut into `pieces`, and answers the events. */
function replay(recording: string, pieces: string[] = [recording]): AdapterEvent[] {
  const events: AdapterEvent[] = []
  const translator = openai.translator((event) => events.push(event))
  const parser = createParser({
    onEvent: ({ data }) => translator.push(data === '[DONE]' ? data : JSON.parse(data)),
  })
  for (const piece of pieces) parser.feed(piece)
  parser.feed('\n\n')
  translator.end()
  return events
}

const sse = (...chunks: (object | string)[]) =>
  chunks.map((chunk) => `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`).join('')
const chunk = (delta: object, finish_reason: string | null = null, more: object = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-4o-2024-08-06',
  choices: [{ index: 0, delta, logprobs: null, finish_reason }],
  ...more,
})
const call = (delta: object) => chunk({ tool_calls: [delta] })

const openaiTools = sse(
  chunk({ role: 'assistant', content: null }, null, { usage: null }),
  call({ index: 0, id: 'call_a', type: 'function', function: { name: 'weather', arguments: '' } }),
  call({ index: 0, function: { arguments: '{"city"' } }),
  call({ index: 0, function: { arguments: ':"Ulm"}' } }),
  call({ index: 1, id: 'call_b', type: 'function', function: { name: 'time', arguments: '' } }),
  call({ index: 1, function: { arguments: '{}' } }),
  chunk({}, 'tool_calls'),
  {
    ...chunk({}),
    choices: [],
    usage: { prompt_tokens: 80, completion_tokens: 30, prompt_tokens_details: { cached_tokens: 64 } },
  },
  '[DONE]',
)

describe('a recorded stream', () => {
  test('of OpenAI with parallel tools and usage', () => {
    const { calls, finish } = collect(replay(openaiTools))
    expect(calls).toEqual([
      { id: 'call_a', name: 'weather', arguments: '{"city":"Ulm"}', ended: true },
      { id: 'call_b', name: 'time', arguments: '{}', ended: true },
    ])
    expect(finish).toEqual({
      type: 'finish',
      reason: 'tool-calls',
      tokens: { input: 80, cachedInput: 64, output: 30, reasoning: 0 },
    })
  })

  test('of Ollama: role in every delta, whole call at once with reason "stop", no usage', () => {
    const recording = sse(
      chunk({ role: 'assistant', content: '', reasoning: 'Hmm. ' }),
      chunk({ role: 'assistant', content: 'Let me see.' }),
      chunk({
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'call_x', index: 0, type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      }),
      chunk({ role: 'assistant', content: '' }, 'stop'),
      '[DONE]',
    )
    const { text, reasoning, calls, finish } = collect(replay(recording))
    expect({ text, reasoning }).toEqual({ text: 'Let me see.', reasoning: 'Hmm. ' })
    expect(calls).toEqual([{ id: 'call_x', name: 'f', arguments: '{"a":1}', ended: true }])
    expect(finish).toMatchObject({ reason: 'tool-calls', tokens: null })
  })

  test('of vLLM: reasoning_content, usage in every chunk, comments, CRLF', () => {
    const recording = `: ping\n\n${sse(
      chunk({ role: 'assistant', content: '' }, null, { usage: { prompt_tokens: 9, completion_tokens: 0 } }),
      chunk({ reasoning_content: 'So…' }, null, { usage: { prompt_tokens: 9, completion_tokens: 1 } }),
      chunk({ content: 'Ja ☕' }, null, { usage: { prompt_tokens: 9, completion_tokens: 2 } }),
      chunk({ content: '' }, 'stop', { usage: { prompt_tokens: 9, completion_tokens: 3 } }),
      '[DONE]',
    )}`.replaceAll('\n', '\r\n')
    const { text, reasoning, finish } = collect(replay(recording))
    expect({ text, reasoning }).toEqual({ text: 'Ja ☕', reasoning: 'So…' })
    expect(finish).toMatchObject({ reason: 'stop', tokens: { input: 9, output: 3 } })
  })

  test('of Groq: usage under x_groq', () => {
    const end = chunk({}, 'stop', { x_groq: { usage: { prompt_tokens: 5, completion_tokens: 6 } } })
    expect(collect(replay(sse(chunk({ content: 'a' }), end, '[DONE]'))).finish).toMatchObject({
      tokens: { input: 5, output: 6 },
    })
  })

  test('of Google: all parallel calls are number 0 and differ by id', () => {
    const whole = (id: string, name: string) => call({ index: 0, id, function: { name, arguments: `{"n":"${name}"}` } })
    const { calls } = collect(replay(sse(whole('1', 'f'), whole('2', 'f2'), chunk({}, 'tool_calls'), '[DONE]')))
    expect(calls.map((found) => [found.name, found.arguments])).toEqual([
      ['f', '{"n":"f"}'],
      ['f2', '{"n":"f2"}'],
    ])
  })

  test('whose calls have neither number nor id', () => {
    const recording = sse(
      call({ function: { name: 'f', arguments: '{"a"' } }),
      call({ function: { arguments: ':1}' } }),
      call({ function: { name: 'g', arguments: '{}' } }),
      chunk({}, 'stop'),
      '[DONE]',
    )
    const { calls } = collect(replay(recording))
    expect(calls.map(({ name, arguments: text }) => [name, text])).toEqual([
      ['f', '{"a":1}'],
      ['g', '{}'],
    ])
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
  })

  test('without finish_reason but with [DONE] is complete; with neither it was cut off', () => {
    expect(collect(replay(sse(chunk({ content: 'a' }), '[DONE]'))).finish).toMatchObject({ reason: 'stop' })
    expect(collect(replay(sse(chunk({ content: 'a' }, 'length')))).finish).toMatchObject({ reason: 'length' })
    expect(() => replay(sse(chunk({ content: 'a' })))).toThrow(Unreadable)
  })

  test('of Mistral: content as a list with thinking', () => {
    const recording = sse(
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] }),
      chunk({ content: [{ type: 'text', text: 'ok' }] }, 'stop'),
    )
    expect(collect(replay(recording))).toMatchObject({ text: 'ok', reasoning: 'hm' })
  })

  test('with an error object throws it; a null error is nothing', () => {
    expect(() => replay(sse({ error: { message: 'boom', code: 500 } }))).toThrow(ProviderSaid)
    expect(collect(replay(sse({ ...chunk({ content: 'a' }, 'stop'), error: null }))).text).toBe('a')
  })

  test('comes out the same however it is cut', () => {
    const recording = openaiTools.replace('weather', 'wetter_ü☕')
    const whole = replay(recording)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: recording.length - 1 }), { maxLength: 60 }), (cuts) => {
        const places = [0, ...new Set(cuts), recording.length].sort((a, b) => a - b)
        const pieces = places.slice(1).map((place, index) => recording.slice(places[index], place))
        expect(replay(recording, pieces)).toEqual(whole)
      }),
      { numRuns: 100 },
    )
  })

  test('of arbitrary JSON never breaks in another way than the protocol knows', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), (chunks) => {
        const translator = openai.translator(() => undefined)
        try {
          for (const value of chunks) translator.push({ choices: [{ delta: value }] })
          for (const value of chunks) translator.push({ choices: [{ delta: { tool_calls: [value] } }] })
          for (const value of chunks) translator.push(value)
          translator.end()
        } catch (error) {
          if (!(error instanceof Unreadable) && !(error instanceof ProviderSaid)) throw error
        }
      }),
    )
  })
})

describe('a request', () => {
  const prompt: Prompt = {
    system: 'Be brief.',
    tools: [{ name: 'f', description: 'Does f.', inputSchema: { type: 'object' } }],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image', mediaType: 'image/png', bytes: Buffer.from('PNG') },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'secret', signature: 's' },
          { type: 'tool-call', id: 'c1', name: 'f', arguments: '' },
        ],
      },
      {
        role: 'tool',
        results: [
          {
            toolCallId: 'c1',
            name: 'f',
            isError: false,
            content: [
              { type: 'text', text: 'done' },
              { type: 'image', mediaType: 'image/png', bytes: Buffer.from('X') },
            ],
          },
        ],
      },
    ],
  }

  test('has images as data URLs, calls, results, and pictures of results after them', () => {
    const body = JSON.parse(openai.body(connection, model, prompt, 100))
    expect(body).toMatchObject({
      model: 'gpt-4o',
      max_completion_tokens: 100,
      stream: true,
      stream_options: { include_usage: true },
      tools: [{ type: 'function', function: { name: 'f', description: 'Does f.', parameters: { type: 'object' } } }],
    })
    expect(body.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is it?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,UE5H' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'done\n[image, image/png]' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Images from the tool results above:' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,WA==' } },
        ],
      },
    ])
  })

  test('to others than OpenAI says max_tokens, and tells a model that cannot see about images in words', () => {
    const blind = { ...model, capabilities: { ...model.capabilities, images: false } }
    const body = JSON.parse(openai.body({ ...connection, baseUrl: 'http://localhost:11434/v1' }, blind, prompt, 100))
    expect(body.max_tokens).toBe(100)
    expect(body.max_completion_tokens).toBeUndefined()
    expect(body.messages[1].content).toBe('What is it?\n[image, image/png]')
    expect(body.messages).toHaveLength(4)
  })
})
