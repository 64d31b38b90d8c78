import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { endpoints, type Message, type RunEvent } from '@parley/contract'
import { afterEach, describe, expect, test } from 'vitest'
import { createParley, ParleyError } from './index.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function serve(handle: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    handle(request, response, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return createParley({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey: 'mcp_test' })
}

const messageId = '01890000-0000-7000-8000-000000000001'
const message: Message = {
  id: messageId,
  conversationId: '01890000-0000-7000-8000-000000000002',
  parentId: null,
  siblingIds: [messageId],
  role: 'assistant',
  authorId: null,
  status: 'writing',
  parts: [],
  model: null,
  usage: null,
  error: null,
  runId: null,
  createdAt: '2026-01-01T00:00:00.000Z',
}

/** A run that writes `words` one by one; its log as the server would keep it, numbered from 1. */
function logOf(words: string[]): RunEvent[] {
  const { parts: _, siblingIds: __, ...stored } = message
  const part = { type: 'text' as const, text: '', origin: 'model' as const, step: 1 }
  return [
    { type: 'RUN_STARTED', threadId: message.conversationId, runId: 'r' },
    { type: 'CUSTOM', name: 'parley.part', value: { messageId, index: 0, part } },
    ...words.map((delta) => ({ type: 'TEXT_MESSAGE_CONTENT' as const, messageId: `${messageId}/0`, delta })),
    { type: 'CUSTOM', name: 'parley.message', value: { message: { ...stored, status: 'complete' } } },
    { type: 'RUN_FINISHED', threadId: message.conversationId, runId: 'r', outcome: { type: 'success' }, usage: [] },
  ]
}

function frames(log: RunEvent[], after: number): string {
  return log
    .slice(after)
    .map((event, index) => `id: ${after + index + 1}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('')
}

const words = Array.from({ length: 60 }, (_, index) => `wörd${index} `)

describe('a run', () => {
  test('reads the same text when the connection drops at any byte, with overlap and unnumbered frames', async () => {
    const log = logOf(words)
    let connections = 0
    const parley = await serve((request, response) => {
      connections += 1
      const after = Number(request.headers['last-event-id'] ?? 0)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      // A server may send again what was seen, and says nothing-new things without a number.
      const overlap = Math.max(0, after - 2)
      const bytes = Buffer.from(`retry: 1\n\n: hello\n\n${frames(log, overlap)}`)
      const most = 200 + Math.floor(Math.random() * 1500)
      if (bytes.length <= most) response.end(bytes)
      else response.write(bytes.subarray(0, most), () => response.destroy())
    })
    const ids: number[] = []
    let text = ''
    for await (const { id, event } of parley.runs.follow('r')) {
      ids.push(id)
      if (event.type === 'TEXT_MESSAGE_CONTENT') text += event.delta
    }
    expect(text).toBe(words.join(''))
    expect(ids).toEqual(log.map((_, index) => index + 1))
    expect(connections).toBeGreaterThan(3)
  })

  test('reconnects when the server falls silent', async () => {
    const log = logOf(['a', 'b'])
    const seen: (string | undefined)[] = []
    const parley = await serve((request, response) => {
      const after = request.headers['last-event-id'] as string | undefined
      seen.push(after)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      if (seen.length === 1) response.write(`retry: 1\n\n${frames(log.slice(0, 3), 0)}`)
      else response.end(frames(log, Number(after)))
    })
    const states: string[] = []
    const stream = parley.runs.follow('r', { silenceMs: 80, onConnection: (state) => states.push(state) })
    expect((await collect(stream)).length).toBe(log.length)
    expect(seen).toEqual([undefined, '3'])
    expect(states).toEqual(['connected', 'reconnecting', 'connected'])
  })

  test('gives up on a refusal, and goes on over a failing server', async () => {
    let requests = 0
    const parley = await serve((_, response) => {
      requests += 1
      if (requests === 1) response.writeHead(503).end()
      else problem(response, 404, 'not_found')
    })
    await expect(collect(parley.runs.follow('r'))).rejects.toMatchObject({ code: 'not_found', status: 404 })
    expect(requests).toBe(2)
  })

  test('leaving the loop closes the connection, and a signal ends it', async () => {
    const closed = Promise.withResolvers<void>()
    const parley = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frames(logOf(words), 0).slice(0, 900))
      response.on('close', closed.resolve)
    })
    for await (const { id } of parley.runs.follow('r')) if (id === 2) break
    await closed.promise
    const signal = AbortSignal.timeout(100)
    await expect(collect(parley.runs.follow('r', { signal }))).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})

describe('following a message', () => {
  test('gives batches that share what did not change, and ends as the log says', async () => {
    const log = logOf(words)
    const parley = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(frames(log, 0))
    })
    const kept = { type: 'text' as const, text: 'old', origin: 'model' as const, step: 1 }
    const rest = { ...message, parts: [{ ...kept, text: 'cut sh' }, kept] }
    const values = await collect(parley.messages.follow(rest, 'r'))
    expect(values.length).toBeLessThan(10)
    expect(values.at(-1)).toMatchObject({ status: 'complete', parts: [{ text: words.join('') }, { text: 'old' }] })
    expect(values.at(-1)!.parts[1]).toBe(kept)
    expect(rest.parts[0]!.text).toBe('cut sh')
  })

  test('passes on the failure of the stream after what was written', async () => {
    const parley = await serve((_, response) => problem(response, 404, 'not_found'))
    await expect(collect(parley.messages.follow(message, 'r'))).rejects.toBeInstanceOf(ParleyError)
  })
})

describe('a call', () => {
  test('is repeated over a lost connection with the same key, and only when that is safe', async () => {
    const keys: unknown[] = []
    const parley = await serve((request, response) => {
      keys.push(request.headers['idempotency-key'])
      if (keys.length < 3) response.destroy()
      else response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":"c"}')
    })
    expect(await parley.conversations.create({ title: 'Hello' })).toEqual({ id: 'c' })
    expect(keys).toEqual([keys[0], keys[0], keys[0]])
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)

    keys.length = 0
    await expect(parley.auth.login({ email: 'a@b.example', password: 'x' })).rejects.toMatchObject({ code: 'network' })
    expect(keys).toEqual([undefined])
  })

  test('tells a problem with code, fields, request id and when to come back', async () => {
    const parley = await serve((_, response) => {
      response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': '7' })
      const errors = [{ pointer: '/answers/0/a~1b', message: 'Too short.' }]
      const body = { type: 'about:blank', title: 'T', status: 429, detail: 'Slow down.', code: 'rate_limited', errors }
      response.end(JSON.stringify({ ...body, requestId: 'req-1' }))
    })
    const error = await parley.me.get().catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'rate_limited', status: 429, requestId: 'req-1', retryAfter: 7, limit: null })
    expect(error).toMatchObject({ message: 'Slow down.', fields: { 'answers.0.a/b': 'Too short.' } })
  })

  test('that came too soon is sent again where the wait is short, whatever it is, and else says which limit', async () => {
    const limit = {
      name: 'messages',
      about: 'your messages',
      limit: 10,
      windowSeconds: 3600,
      remaining: 0,
      resetsAt: '2026-01-01T00:00:00.000Z',
      retryAfterSeconds: 1,
    }
    let requests = 0
    let wait = '1'
    const parley = await serve((_, response) => {
      requests += 1
      if (requests === 2) return response.end('{"user":{}}')
      response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': wait })
      const body = { type: 'about:blank', title: 'T', status: 429, detail: 'Slow down.', code: 'rate_limited', limit }
      return response.end(JSON.stringify({ ...body, requestId: 'req-1' }))
    })
    const startedAt = Date.now()
    expect(await parley.auth.login({ email: 'a@b.example', password: 'x' })).toEqual({ user: {} })
    expect(Date.now() - startedAt).toBeGreaterThan(950)
    wait = '360'
    await expect(parley.me.get()).rejects.toMatchObject({ retryAfter: 360, limit })
    expect(requests).toBe(3)
  })

  test('puts parameters, query, body and credential where they belong', async () => {
    const parley = await serve((request, response, body) => {
      const { method, url, headers } = request
      response.end(JSON.stringify({ method, url, body, authorization: headers.authorization }))
    })
    expect(await parley.messages.list('a/b', { limit: 5, cursor: undefined })).toEqual({
      method: 'GET',
      url: '/api/v1/conversations/a%2Fb/messages?limit=5',
      body: '',
      authorization: 'Bearer mcp_test',
    })
    const answer = await parley.call(endpoints.setDefaultModel, { body: { model: null } })
    expect(answer).toMatchObject({ method: 'PUT', body: '{"model":null}' })
  })
})

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

function problem(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' })
  response.end(JSON.stringify({ type: 'about:blank', title: code, status, detail: code, code, requestId: 'r' }))
}
