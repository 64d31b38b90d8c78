import { createServer } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Ctx } from '../../platform/context.ts'
import { within } from '../../testing/pace.ts'
import { type ScriptedModel, type Step, startScriptedModel } from '../../testing/scripted-model.ts'
import { lorem, stepsFromDirectives } from '../../testing/scripted-model-directives.ts'
import { askModel } from './ask-model.ts'
import { ModelError } from './model-error.ts'
import { collect } from './testing/collect.ts'
import { ask, modelContext, readAll, testModel } from './testing/model-context.ts'
import type { Prompt } from './types.ts'

let provider: ScriptedModel
const contexts: Ctx[] = []

beforeAll(async () => {
  provider = await startScriptedModel()
})
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((ctx) => ctx.egress.close()))
})
afterAll(() => provider.close())

function contextWith(options: Parameters<typeof modelContext>[0] = {}): Ctx {
  const { openaiBaseUrl, anthropicBaseUrl } = provider
  const ctx = modelContext({ openaiBaseUrl, anthropicBaseUrl, ...options })
  contexts.push(ctx)
  return ctx
}

const { signal } = new AbortController()

async function failureOf(ctx: Ctx, protocol: 'openai' | 'anthropic', prompt: Prompt): Promise<ModelError> {
  const error = await readAll(askModel(ctx, testModel(protocol), prompt, { signal })).catch((thrown) => thrown)
  expect(error).toBeInstanceOf(ModelError)
  return error
}

describe.each(['openai', 'anthropic'] as const)('%s', (protocol) => {
  const model = testModel(protocol)
  const run = (ctx: Ctx, prompt: Prompt) => readAll(askModel(ctx, model, prompt, { signal }))

  test('streams text, reasoning and tools, however the bytes are cut', async () => {
    const prompt = ask('!split 2\n!reason Öfters ☕\n!say Grüße 👋🏽 aus Köln\n!tool echo {"message":"größer"}')
    const { text, reasoning, calls, finish } = collect(await run(contextWith(), prompt))
    expect({ text, reasoning }).toEqual({ text: 'Grüße 👋🏽 aus Köln', reasoning: 'Öfters ☕' })
    expect(calls).toMatchObject([{ name: 'echo', arguments: '{"message":"größer"}', ended: true }])
    expect(finish).toMatchObject({ reason: 'tool-calls', tokens: { input: 20 } })
  })

  test('sends the key, the tools and the results', async () => {
    const before = provider.requests.length
    const events = await run(contextWith(), {
      ...ask('Go'),
      tools: [{ name: 'echo', description: 'Echoes.', inputSchema: { type: 'object' } }],
      messages: [
        ...ask('Go').messages,
        { role: 'assistant', content: [{ type: 'tool-call', id: 'c1', name: 'echo', arguments: '{}' }] },
        {
          role: 'tool',
          results: [{ toolCallId: 'c1', name: 'echo', content: [{ type: 'text', text: 'forty-two' }], isError: false }],
        },
      ],
    })
    expect(collect(events).text).toContain('> forty-two')
    const { headers, body } = provider.requests[before]!
    expect(headers[protocol === 'openai' ? 'authorization' : 'x-api-key']).toContain('sk-test-1234567890')
    expect(body.tools).toHaveLength(1)
  })

  test.each([
    ['!401', 'model_auth', /OpenAI|Anthropic.*key.*Settings/],
    ['!quota', 'model_quota', /billing/],
    ['!429', 'model_rate_limited', /limiting/],
    ['!500', 'model_overloaded', /500/],
    ['!529', 'model_overloaded', /529/],
    ['!long', 'model_context_too_long', /too long/],
    ['!refuse', 'model_content_refused', /refused/],
    ['!400', 'model_bad_request', /messages/],
    ['!404', 'model_unavailable', /Choose another/],
  ])('says what to do about %s', async (directive, code, words) => {
    const error = await failureOf(contextWith({ maxRetries: 0 }), protocol, ask(directive))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(words)
    expect(error.message).not.toMatch(/sk-/)
  })

  test('tries again what passes, as late as it was asked to, and not more often than allowed', async () => {
    const startedAt = Date.now()
    expect(collect(await run(contextWith(), ask(`!429 1 1\n!say back (${protocol})`))).text).toContain('back')
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_000)
    const before = provider.requests.length
    const error = await failureOf(contextWith({ maxRetries: 1 }), protocol, ask(`!500 9\n!say never`))
    expect(error.code).toBe('model_overloaded')
    expect(provider.requests.length - before).toBe(2)
  })

  test('does not wait longer than a person would', async () => {
    const before = provider.requests.length
    const error = await failureOf(contextWith(), protocol, ask('!429 9 3600'))
    expect(error.retryAfterSeconds).toBe(3600)
    expect(provider.requests.length - before).toBe(1)
  })

  test('never tries again once something was shown', async () => {
    const before = provider.requests.length
    const ctx = contextWith()
    const events: unknown[] = []
    await expect(async () => {
      for await (const event of askModel(ctx, model, ask('!reset after 3'), { signal })) events.push(event)
    }).rejects.toMatchObject({ code: 'model_network' })
    expect(events.length).toBeGreaterThan(0)
    expect(provider.requests.length - before).toBe(1)
  })

  test('takes an answer that ends in the middle for what it is', async () => {
    expect((await failureOf(contextWith(), protocol, ask('!cut after 5'))).code).toBe('model_network')
  })

  test('tells an error inside the stream', async () => {
    provider.setScript(() => [
      { type: 'text', text: 'So far' },
      { type: 'fail', kind: 'overloaded' },
    ])
    expect((await failureOf(contextWith(), protocol, ask('x'))).code).toBe('model_overloaded')
  })

  test('P4 stop stops: closes the socket when the signal aborts, and throws its reason', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped by the person')
    const closed = provider.next('closed')
    let abortedAt = 0
    await expect(async () => {
      for await (const event of askModel(contextWith(), model, ask('!slow 500 words 20ms'), stop)) {
        if (event.type !== 'text' || abortedAt > 0) continue
        abortedAt = Date.now()
        stop.abort(reason)
      }
    }).rejects.toBe(reason)
    expect((await closed).closedAt! - abortedAt).toBeLessThan(within(250))
  })

  test('closes the socket when the consumer leaves, before and after the first token', async () => {
    const closed = provider.next('closed')
    let leftAt = 0
    for await (const _event of askModel(contextWith(), model, ask('!slow 500 words 20ms'), { signal })) {
      leftAt = Date.now()
      break
    }
    expect((await closed).closedAt! - leftAt).toBeLessThan(within(250))

    const stop = new AbortController()
    const waiting = provider.next('request')
    const gone = provider.next('closed')
    const reply = readAll(askModel(contextWith(), model, ask('!stall'), stop))
    await waiting
    const abortedAt = Date.now()
    stop.abort()
    await expect(reply).rejects.toMatchObject({ name: 'AbortError' })
    expect((await gone).closedAt! - abortedAt).toBeLessThan(within(250))
  })

  test('gives up on a provider that does not begin, or stops in the middle', async () => {
    const before = provider.requests.length
    const silent = contextWith({ firstTokenMs: 60, maxRetries: 1 })
    expect((await failureOf(silent, protocol, ask('!stall'))).code).toBe('model_timeout')
    expect(provider.requests.length - before).toBe(2)
    const closed = provider.next('closed')
    const stuck = contextWith({ betweenTokensMs: 60 })
    const error = await failureOf(stuck, protocol, ask('!stall after 5'))
    expect(error).toMatchObject({ code: 'model_timeout', message: expect.stringContaining('middle') })
    await closed
  })

  test('keeps the connection for the next call', async () => {
    const ctx = contextWith()
    await run(ctx, ask('!say one'))
    const sockets = provider.openSockets()
    for (const word of ['two', 'three', 'four']) await run(ctx, ask(`!say ${word}`))
    // The end of an answer may still be on its way when the next question leaves.
    expect(provider.openSockets()).toBeLessThanOrEqual(sockets + 1)
  })

  test('takes a long answer at once without losing any of it', async () => {
    const { text } = collect(await run(contextWith(), ask('!words 20000')))
    expect(text).toBe(lorem(20_000))
  })

  afterEach(() => provider.setScript(stepsFromDirectives))
})

describe('openai alone', () => {
  const raw = (...steps: Step[]) => {
    provider.setScript(() => steps)
    return readAll(askModel(contextWith({ maxRetries: 0 }), testModel('openai'), ask('x'), { signal }))
  }
  afterEach(() => provider.setScript(stepsFromDirectives))

  test('lives without usage and without [DONE]', async () => {
    const { text, finish } = collect(
      await raw({ type: 'text', text: 'Hello there' }, { type: 'finish', usage: null, done: false }),
    )
    expect(text).toBe('Hello there')
    expect(finish).toMatchObject({ reason: 'stop', tokens: { input: 1, output: 4 } })
  })

  test('refuses frames that are not JSON rather than losing text', async () => {
    await expect(raw({ type: 'raw', bytes: 'data: {"choi\n\n' })).rejects.toMatchObject({ code: 'model_network' })
  })

  test('passes over comments and takes very long lines', async () => {
    const long = 'x'.repeat(1_000_000)
    const { text } = collect(await raw({ type: 'raw', bytes: ': hello\n\n: hello\n\n' }, { type: 'text', text: long }))
    expect(text).toBe(long)
  })

  test('takes a whole message from a server that cannot stream', async () => {
    const message = { role: 'assistant', content: 'All at once' }
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }], usage: { prompt_tokens: 3 } }),
      )
    })
    const { text, finish } = collect(await askServer(server))
    expect(text).toBe('All at once')
    expect(finish).toMatchObject({ tokens: { input: 3 } })
  })

  test('says so when the address is a web page', async () => {
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end('<!doctype html><p>Welcome')
    })
    await expect(askServer(server)).rejects.toMatchObject({
      code: 'model_bad_request',
      message: expect.stringContaining('Check the address'),
    })
  })

  test('says so when nothing listens', async () => {
    const ctx = contextWith({ openaiBaseUrl: 'http://127.0.0.1:9/v1', maxRetries: 0 })
    expect(await failureOf(ctx, 'openai', ask('x'))).toMatchObject({
      code: 'model_network',
      message: expect.stringContaining('nothing listens'),
    })
  })

  async function askServer(server: ReturnType<typeof createServer>) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    try {
      const ctx = contextWith({ openaiBaseUrl: `http://127.0.0.1:${port}/v1`, maxRetries: 0 })
      return await readAll(askModel(ctx, testModel('openai'), ask('x'), { signal }))
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }
})
