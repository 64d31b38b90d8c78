import { LLMock } from '@copilotkit/aimock'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Ctx } from '../../platform/context.ts'
import { askModel } from './ask-model.ts'
import { collect } from './testing/collect.ts'
import { ask, modelContext, readAll, testModel } from './testing/model-context.ts'

/** Against a mock of both vendors that others wrote. */
const mock = new LLMock({ port: 0, chunkSize: 3 })
const { signal } = new AbortController()
let ctx: Ctx

beforeAll(async () => {
  mock.onMessage('hello', { content: 'Grüße ☕, how are you?' })
  mock.onMessage('think', { reasoning: 'Let me think…', content: 'Done.' })
  mock.onMessage('weather', {
    toolCalls: [
      { name: 'weather', arguments: '{"city":"Ulm"}' },
      { name: 'time', arguments: '{"zone":"CET"}' },
    ],
  })
  mock.onMessage('limited', {
    error: { message: 'Rate limit exceeded', type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    status: 429,
  })
  await mock.start()
  ctx = modelContext({ openaiBaseUrl: `${mock.url}/v1`, anthropicBaseUrl: mock.url, maxRetries: 0 })
})
afterEach(() => mock.clearRequests())
afterAll(async () => {
  await ctx.egress.close()
  await mock.stop()
})

describe.each([
  ['openai', 'gpt-4o'],
  ['anthropic', 'claude-sonnet-4-5'],
] as const)('%s', (protocol, name) => {
  const run = async (text: string) =>
    collect(
      await readAll(
        askModel(
          ctx,
          testModel(protocol, name),
          ask(text, {
            system: 'Be brief.',
            tools: [{ name: 'weather', description: 'Tells it.', inputSchema: { type: 'object', properties: {} } }],
          }),
          { signal, maxOutputTokens: 500 },
        ),
      ),
    )

  test('text', async () => {
    const { text, finish } = await run('hello')
    expect(text).toBe('Grüße ☕, how are you?')
    expect(finish).toMatchObject({ reason: 'stop' })
  })

  test('reasoning', async () => {
    expect(await run('think')).toMatchObject({ text: 'Done.', reasoning: 'Let me think…' })
  })

  test('parallel tool calls', async () => {
    const { calls, finish } = await run('weather')
    expect(calls.map((call) => [call.name, JSON.parse(call.arguments), call.ended])).toEqual([
      ['weather', { city: 'Ulm' }, true],
      ['time', { zone: 'CET' }, true],
    ])
    expect(finish).toMatchObject({ reason: 'tool-calls' })
  })

  test('a limit', async () => {
    await expect(run('limited')).rejects.toMatchObject({ code: 'model_rate_limited', retryable: true })
  })
})
