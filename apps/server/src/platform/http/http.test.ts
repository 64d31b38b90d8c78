import { once as happening } from 'node:events'
import { connect } from 'node:net'
import { endpoint, idSchema, problemSchema } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket as Ws } from 'ws'
import { z } from 'zod'
import { makePlatform } from '../../testing/make-platform.ts'
import type { Actor } from '../context.ts'
import { newId } from '../crypto/index.ts'
import { AppError } from '../errors.ts'
import { EgressRefused } from '../net/index.ts'
import {
  closeStreams,
  createHttp,
  migrations,
  mountChangeSocket,
  mountHealth,
  mountOpenApi,
  mountWebApp,
  once,
  onceAround,
  openSse,
  type SseStream,
} from './index.ts'

const me = { userId: newId(), workspaceId: newId() }
const actors: Record<string, Actor> = {
  session: { ...me, kind: 'session', credentialId: 'a', role: 'owner', scopes: new Set(['files:read', 'files:write']) },
  key: { ...me, kind: 'api-key', credentialId: 'b', role: 'owner', scopes: new Set(['files:write']) },
}

const body = z.object({ name: z.string().max(20), nested: z.object({ at: z.iso.datetime() }).optional() })
const item = z.object({ name: z.string(), version: z.int() })
const common = { tag: 'Things', summary: 'A thing' } as const
const make = endpoint({
  ...common,
  method: 'POST',
  path: '/api/v1/things',
  access: 'files:write',
  body,
  response: item,
  status: 201,
  idempotent: true,
})
const read = endpoint({
  ...common,
  method: 'GET',
  path: '/api/v1/things/{id}',
  access: 'files:read',
  params: z.object({ id: idSchema }),
  query: z.object({ fail: z.string().optional(), size: z.coerce.number().int().max(5000).optional() }),
  response: item,
})
const drop = endpoint({
  ...common,
  method: 'DELETE',
  path: '/api/v1/things/{id}',
  access: 'session',
  params: z.object({ id: idSchema }),
})
const call = endpoint({
  ...common,
  method: 'POST',
  path: '/api/v1/call',
  access: 'files:write',
  response: z.object({ n: z.int() }),
  idempotent: true,
})
const stream = endpoint({
  ...common,
  method: 'GET',
  path: '/api/v1/stream',
  access: 'public',
  media: { response: ['text/event-stream'] },
  status: 200,
})
const open = endpoint({
  ...common,
  method: 'POST',
  path: '/api/v1/open',
  access: 'public',
  body: z.object({}).default({}),
})

let made = 0
let called = 0
let streamed: SseStream | undefined
let url: string
let test_: Awaited<ReturnType<typeof makePlatform>>
let http: Awaited<ReturnType<typeof createHttp>>

const failures: Record<string, () => unknown> = {
  unknown: () => new Error('secret detail of the inside'),
  conflict: () => new AppError('version_conflict', 'Load it again.'),
  egress: () => new EgressRefused('It is private.', 'Ask.'),
  nul: () => Object.assign(new Error('invalid byte sequence'), { code: '22021' }),
  unique: () => Object.assign(new Error('duplicate key'), { code: '23505' }),
  gone: () => Object.assign(new Error('terminating connection'), { code: '57P01' }),
  string: () => 'thrown text',
  slow: () => new AppError('rate_limited', 'Slow down.', { retryAfterSeconds: 1.2 }),
}

beforeAll(async () => {
  test_ = await makePlatform(migrations)
  const { platform } = test_
  platform.config.chat.keepAliveMs = 30
  http = await createHttp(platform, async (_platform, { headers }) => {
    const name = headers.authorization?.replace('Bearer ', '') ?? /who=(\w+)/.exec(headers.cookie ?? '')?.[1]
    return actors[name ?? ''] ?? null
  })
  http.route(make, async (ctx, input, { idempotency }) =>
    once(ctx, idempotency, async () => {
      made += 1
      if (input.body.name === 'fail') throw new Error('no')
      return { name: input.body.name, version: made }
    }),
  )
  http.route(read, async (_ctx, { query }) => {
    const failure = failures[query.fail ?? '']
    if (failure) throw failure()
    if (query.fail === 'shape') return { name: 1 } as never
    return { name: 'x'.repeat(query.size ?? 3), version: 7 }
  })
  http.route(drop, async () => undefined)
  http.route(call, async (ctx, _input, { idempotency, request }) =>
    onceAround(ctx, idempotency, async () => {
      called += 1
      if (request.headers['x-fail']) throw new AppError('tool_failed', 'It broke.')
      await new Promise((resolve) => setTimeout(resolve, 50))
      return { n: called }
    }),
  )
  http.publicRoute(stream, async (_ctx, _input, exchange) => {
    exchange.reply.header('parley-run-id', 'r1')
    streamed = openSse(exchange)
    streamed.write('data: 1\n\n')
  })
  http.publicRoute(open, async () => undefined)
  mountHealth(http, () => true)
  mountOpenApi(http)
  await mountChangeSocket(http)
  await mountWebApp(http, '/nowhere')
  url = await http.app.listen({ host: '127.0.0.1', port: 0 })
})

afterAll(async () => {
  closeStreams(http.app)
  http.app.server.closeAllConnections()
  await http.app.close()
  await test_.drop()
})

const json = { 'content-type': 'application/json' }
const asKey = { authorization: 'Bearer key' }
const asBoth = { authorization: 'Bearer session' }
const id = newId()

async function send(method: string, path: string, headers: Record<string, string> = {}, content?: RequestInit['body']) {
  const init: RequestInit = { method, headers }
  if (content !== undefined) init.body = content
  return fetch(url + path, init)
}

const newThing = (content: RequestInit['body'] | undefined, headers: Record<string, string> = {}) =>
  send('POST', '/api/v1/things', { ...asKey, ...json, ...headers }, content)

describe('bad requests get problem+json, and nothing happens', () => {
  const cases: [string, number, string, () => Promise<Response>][] = [
    ['no body', 400, 'invalid_request', () => newThing(undefined)],
    ['not JSON', 400, 'invalid_json', () => newThing('{"name": nope}')],
    ['cut-off JSON', 400, 'invalid_json', () => newThing('{"name": "a')],
    ['not UTF-8', 400, 'invalid_json', () => newThing(new Uint8Array([123, 34, 255, 34, 58, 49, 125]))],
    ['a poisoned prototype', 400, 'invalid_json', () => newThing('{"name":"a","__proto__":{"x":1}}')],
    ['null', 400, 'invalid_request', () => newThing('null')],
    ['an array', 400, 'invalid_request', () => newThing('[]')],
    ['a number for a text', 400, 'invalid_request', () => newThing('{"name": 1}')],
    ['too long a text', 400, 'invalid_request', () => newThing(`{"name": "${'a'.repeat(21)}"}`)],
    ['an unknown field', 400, 'invalid_request', () => newThing('{"name": "a", "nmae": "b"}')],
    ['NUL in a text', 400, 'invalid_request', () => newThing('{"name": "a\\u0000"}')],
    ['half a surrogate pair', 400, 'invalid_request', () => newThing('{"name": "\\ud800"}')],
    ['deep nesting', 400, 'invalid_request', () => newThing(`{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)],
    ['a poisoned constructor', 400, 'invalid_json', () => newThing('{"constructor":{"prototype":{"x":1}}}')],
    ['a great many values', 413, 'payload_too_large', () => newThing(`{"name":[${'0,'.repeat(200_000)}0]}`)],
    [
      'a very long address',
      400,
      'invalid_request',
      () => send('GET', `/api/v1/things/${id}?fail=${'x'.repeat(8200)}`, asBoth),
    ],
    [
      'a great many parameters',
      400,
      'invalid_request',
      () => send('GET', `/api/v1/things/${id}?${'a&'.repeat(101)}`, asBoth),
    ],
    [
      'a form',
      415,
      'unsupported_media_type',
      () => newThing('name=a', { 'content-type': 'application/x-www-form-urlencoded' }),
    ],
    ['plain text', 415, 'unsupported_media_type', () => newThing('a', { 'content-type': 'text/plain' })],
    ['no sensible type', 415, 'unsupported_media_type', () => newThing('a', { 'content-type': ';;' })],
    ['3 MB', 413, 'payload_too_large', () => newThing(`{"name":"${'a'.repeat(3 * 1024 * 1024)}"}`)],
    ['an empty key', 400, 'invalid_request', () => newThing('{"name":"a"}', { 'idempotency-key': '' })],
    ['a key too long', 400, 'invalid_request', () => newThing('{"name":"a"}', { 'idempotency-key': 'k'.repeat(256) })],
    ['a key with a space', 400, 'invalid_request', () => newThing('{"name":"a"}', { 'idempotency-key': 'a b' })],
    ['nobody', 401, 'unauthenticated', () => send('POST', '/api/v1/things', json, '{"name":"a"}')],
    ['an unknown key', 401, 'unauthenticated', () => newThing('{"name":"a"}', { authorization: 'Bearer x' })],
    ['a scope that is missing', 403, 'forbidden', () => send('GET', `/api/v1/things/${id}`, asKey)],
    ['a key where a person is needed', 403, 'forbidden', () => send('DELETE', `/api/v1/things/${id}`, asKey)],
    ['no id', 400, 'invalid_request', () => send('GET', '/api/v1/things/12', asBoth)],
    ['a very long id', 404, 'not_found', () => send('GET', `/api/v1/things/${'1'.repeat(2000)}`, asBoth)],
    ['NUL in the address', 400, 'invalid_request', () => send('GET', '/api/v1/things/%00', asBoth)],
    ['bad percent-encoding', 400, 'invalid_request', () => send('GET', '/api/v1/things/%zz', asBoth)],
    [
      'a query that is not UTF-8',
      400,
      'invalid_request',
      () => send('GET', `/api/v1/things/${id}?fail=%F0%9F`, asBoth),
    ],
    [
      'half a surrogate in a query',
      400,
      'invalid_request',
      () => send('GET', `/api/v1/things/${id}?fail=%ED%A0%80`, asBoth),
    ],
    ['a query that is not encoded', 400, 'invalid_request', () => send('GET', `/api/v1/things/${id}?fail=5%`, asBoth)],
    ['a number out of range', 400, 'invalid_request', () => send('GET', `/api/v1/things/${id}?size=9999`, asBoth)],
    ['not a number', 400, 'invalid_request', () => send('GET', `/api/v1/things/${id}?size=x`, asBoth)],
    ['a parameter twice', 400, 'invalid_request', () => send('GET', `/api/v1/things/${id}?fail=a&fail=b`, asBoth)],
    ['an unknown parameter', 400, 'invalid_request', () => send('GET', `/api/v1/things/${id}?sise=1`, asBoth)],
    [
      'a body for nothing',
      400,
      'invalid_request',
      () => send('DELETE', `/api/v1/things/${id}`, { ...asBoth, ...json }, '{"a":1}'),
    ],
    ['an unknown address', 404, 'not_found', () => send('GET', '/api/v1/nothing', asBoth)],
    ['an address outside of the API', 404, 'not_found', () => send('POST', '/nothing', asBoth)],
    ['another method', 405, 'method_not_allowed', () => send('PUT', `/api/v1/things/${id}`, asBoth)],
    ['a method nobody knows', 405, 'method_not_allowed', () => send('PROPFIND', `/api/v1/things/${id}`, asBoth)],
    ['an ordinary GET of the socket', 400, 'invalid_request', () => send('GET', '/api/v1/ws', asBoth)],
  ]
  test.each(cases)('%s: %i %s', async (_name, status, code, request) => {
    const before = made
    const response = await request()
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    const problem = problemSchema.parse(await response.json())
    expect([response.status, problem.status, problem.code]).toEqual([status, status, code])
    expect(problem.requestId).toBe(response.headers.get('x-request-id'))
    expect(made).toBe(before)
  })

  test('405 says what is possible, and so does OPTIONS', async () => {
    expect((await send('PUT', `/api/v1/things/${id}`)).headers.get('allow')).toBe('GET, HEAD, DELETE, OPTIONS')
    const options = await send('OPTIONS', '/api/v1/things')
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, OPTIONS'])
  })

  test('each wrong field has a JSON pointer', async () => {
    const response = await newThing('{"name": 1, "nested": {"at": "yesterday"}, "a/b": 1}')
    const { errors } = problemSchema.parse(await response.json())
    expect(errors?.map(({ pointer }) => pointer).sort()).toEqual(['/a~1b', '/name', '/nested/at'])
  })

  test('what is not HTTP is answered, too', async () => {
    const port = Number(new URL(url).port)
    expect(await raw(port, 'nonsense\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 .*application\/problem\+json.*"code":"invalid_request"/s,
    )
    const headers = `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`
    expect(await raw(port, headers)).toMatch(
      /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n.*problem\+json.*"status":431.*"code":"headers_too_large"/s,
    )
  })
})

test.each([
  ['Authorization', 'Bearer session', 'Bearer key'],
  ['Host', 'here', 'there'],
  ['Cookie', 'who=session', 'who=key'],
  ['Parley-Workspace', id, newId()],
  ['Content-Type', 'application/json', 'text/plain'],
])('%s is refused when it comes twice', async (name, first, second) => {
  const lines = (headers: string[]) =>
    ['GET /api/v1/things/1 HTTP/1.1', ...headers, 'Connection: close', '', ''].join('\r\n')
  const port = Number(new URL(url).port)
  const others = name === 'Host' ? [] : ['Host: here']
  expect(await raw(port, lines([...others, `${name}: ${first}`]))).not.toContain('more than once')
  const twice = await raw(port, lines([...others, `${name}: ${first}`, `${name}: ${second}`]))
  expect(twice).toMatch(/^HTTP\/1\.1 400 .*"code":"invalid_request"/s)
})

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
  })
}

describe('failures within', () => {
  test.each([
    ['unknown', 500, 'internal'],
    ['string', 500, 'internal'],
    ['shape', 500, 'internal'],
    ['conflict', 409, 'version_conflict'],
    ['egress', 422, 'egress_refused'],
    ['nul', 400, 'invalid_request'],
    ['unique', 409, 'conflict'],
    ['gone', 503, 'unavailable'],
    ['slow', 429, 'rate_limited'],
  ])('%s is %i %s', async (fail, status, code) => {
    const response = await send('GET', `/api/v1/things/${id}?fail=${fail}`, asBoth)
    const text = await response.text()
    expect([response.status, JSON.parse(text).code]).toEqual([status, code])
    expect(text).not.toContain('inside')
  })

  test('Retry-After is in whole seconds, rounded up', async () => {
    expect((await send('GET', `/api/v1/things/${id}?fail=slow`, asBoth)).headers.get('retry-after')).toBe('2')
  })
})

describe('answers', () => {
  test('carry status, version and headers that protect', async () => {
    const response = await newThing('{"name": "a"}', { 'x-request-id': 'mine-1' })
    expect(response.status).toBe(201)
    expect(response.headers.get('x-request-id')).toBe('mine-1')
    expect(response.headers.get('etag')).toBe(`"${made}"`)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    const policy = response.headers.get('content-security-policy')
    expect(policy).toBe("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
    const odd = await newThing('{"name": "a"}', { 'x-request-id': 'a\tb' })
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('without content are 204', async () => {
    const response = await send('DELETE', `/api/v1/things/${id}`, { ...asBoth, ...json })
    expect([response.status, await response.text()]).toEqual([204, ''])
  })

  test('are compressed when long, and only then', async () => {
    const get = (size: number) =>
      send('GET', `/api/v1/things/${id}?size=${size}`, { ...asBoth, 'accept-encoding': 'gzip' })
    const long = await get(3000)
    expect(long.headers.get('content-encoding')).toBe('gzip')
    expect(((await long.json()) as { name: string }).name).toHaveLength(3000)
    expect((await get(10)).headers.get('content-encoding')).toBeNull()
  })
})

describe('cross-site requests', () => {
  const cookie = { cookie: 'who=session', ...json }
  const ours = { ...cookie, 'parley-client': 'web' }
  const post = (headers: Record<string, string>) => send('POST', '/api/v1/things', headers, '{"name": "a"}')

  test.each([
    ['from our page', 201, { ...ours, 'sec-fetch-site': 'same-origin' }],
    ['with our origin, by a browser that says no more', 201, { ...ours, origin: 'self' }],
    ['with a bearer token from anywhere', 201, { ...json, ...asKey, origin: 'https://evil.example' }],
    ['from another site', 403, { ...ours, 'sec-fetch-site': 'cross-site' }],
    ['from a sister site', 403, { ...ours, 'sec-fetch-site': 'same-site', origin: 'self' }],
    ['with a foreign origin', 403, { ...ours, origin: 'https://evil.example' }],
    ['with the origin null', 403, { ...ours, origin: 'null' }],
    ['with neither', 403, ours],
    ['by a form', 403, { ...cookie, 'sec-fetch-site': 'same-origin' }],
  ])('%s: %i', async (_name, status, headers) => {
    const response = await post(
      'origin' in headers && headers.origin === 'self' ? { ...headers, origin: url } : headers,
    )
    expect(response.status).toBe(status)
    if (status === 403) expect(((await response.json()) as { code: string }).code).toBe('csrf_failed')
  })

  test('reading needs none of it, and signing in is refused only to other sites', async () => {
    expect((await send('GET', `/api/v1/things/${id}`, { cookie: 'who=session' })).status).toBe(200)
    expect((await send('POST', '/api/v1/open', json)).status).toBe(204)
    expect((await send('POST', '/api/v1/open', { origin: 'https://evil.example' })).status).toBe(403)
  })
})

describe('idempotency', () => {
  const key = () => ({ 'idempotency-key': newId() })

  test('a repeat gets the first answer', async () => {
    const headers = key()
    const first = await (await newThing('{"name": "a"}', headers)).json()
    const before = made
    expect(await (await newThing('{"name": "a"}', headers)).json()).toEqual(first)
    expect(made).toBe(before)
    const other = await newThing('{"name": "b"}', headers)
    expect([other.status, ((await other.json()) as { code: string }).code]).toEqual([409, 'idempotency_conflict'])
  })

  test('many at once happen once', async () => {
    const headers = key()
    const before = made
    const all = await Promise.all(
      Array.from({ length: 8 }, () => newThing('{"name": "a"}', headers).then((r) => r.json())),
    )
    expect(made).toBe(before + 1)
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1)
  })

  test('what failed may be tried again with the same key', async () => {
    const headers = key()
    expect((await newThing('{"name": "fail"}', headers)).status).toBe(500)
    const before = made
    expect((await newThing('{"name": "fail"}', headers)).status).toBe(500)
    expect(made).toBe(before + 1)
  })

  test('work outside of the database happens once, failure included', async () => {
    const headers = { ...asKey, ...key() }
    const before = called
    const [one, two] = await Promise.all([send('POST', '/api/v1/call', headers), send('POST', '/api/v1/call', headers)])
    expect(await one!.json()).toEqual(await two!.json())
    expect(called).toBe(before + 1)
    const failing = { ...asKey, ...key(), 'x-fail': '1' }
    const statuses = [await send('POST', '/api/v1/call', failing), await send('POST', '/api/v1/call', failing)]
    expect(statuses.map(({ status }) => status)).toEqual([502, 502])
    expect(called).toBe(before + 2)
  })
})

describe('event streams', () => {
  test('send the headers so far, frames, keep-alive comments, and end', async () => {
    const response = await send('GET', '/api/v1/stream', { 'accept-encoding': 'gzip' })
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.get('parley-run-id')).toBe('r1')
    expect(response.headers.get('content-security-policy')).not.toBeNull()
    expect(response.headers.get('content-encoding')).toBeNull()
    setTimeout(() => streamed?.close(), 80)
    const text = await response.text()
    expect(text).toMatch(/^data: 1\n\n(: keep-alive\n\n)+$/)
    expect(streamed?.closed.aborted).toBe(true)
  })

  test('notice that the reader has gone', async () => {
    const leave = new AbortController()
    const response = await fetch(`${url}/api/v1/stream`, { signal: leave.signal })
    await response.body!.getReader().read()
    const closed = new Promise<void>((resolve) => streamed!.closed.addEventListener('abort', () => resolve()))
    leave.abort()
    await closed
    expect(streamed!.write('data: 2\n\n')).toBe(true)
  })

  test('tell a slow reader from a fast one, and go on when it has caught up', async () => {
    const response = await fetch(`${url}/api/v1/stream`)
    const frame = `data: ${'x'.repeat(64 * 1024)}\n\n`
    let frames = 0
    while (streamed!.write(frame)) frames += 1
    const reader = response.body!.getReader()
    const drained = streamed!.drained()
    let received = 0
    while (received < frames * frame.length) received += (await reader.read()).value?.length ?? Number.POSITIVE_INFINITY
    await drained
    await reader.cancel()
  })
})

describe('the socket', () => {
  const address = () => `${url.replace('http', 'ws')}/api/v1/ws`

  test('tells changes to their person', async () => {
    const socket = new WebSocket(address(), { headers: asBoth } as never)
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    const message = new Promise((resolve) =>
      socket.addEventListener('message', ({ data }) => resolve(JSON.parse(data))),
    )
    http.platform.bus.publish(`changes:${newId()}`, { type: 'models-changed' })
    http.platform.bus.publish(`changes:${me.userId}`, { type: 'tools-changed' })
    expect(await message).toEqual({ type: 'tools-changed' })
    socket.close()
  })

  test.each([
    ['a message', 1003, (socket: Ws) => socket.send('{"type":"subscribe"}')],
    ['a message larger than any', 1009, (socket: Ws) => socket.send('x'.repeat(100_000))],
    ['a flood of pings', 1006, (socket: Ws) => Array.from({ length: 50 }, () => socket.ping())],
  ])('ends with %s', async (_name, code, say) => {
    const socket = new Ws(address(), { headers: asBoth })
    socket.on('error', () => undefined)
    await happening(socket, 'open')
    const closed = happening(socket, 'close')
    say(socket)
    expect((await closed)[0]).toBe(code)
  })

  test('answers to our own pings are no flood', async () => {
    const socket = new Ws(address(), { headers: asBoth })
    await happening(socket, 'open')
    for (let i = 0; i < 15; i++) socket.pong()
    const message = happening(socket, 'message')
    http.platform.bus.publish(`changes:${me.userId}`, { type: 'tools-changed' })
    expect(String((await message)[0])).toContain('tools-changed')
    socket.close()
  })

  test.each([
    ['nobody', {}],
    ['a page of another site', { cookie: 'who=session', origin: 'https://evil.example' }],
    ['a cookie without an origin', { cookie: 'who=session' }],
  ])('is refused to %s', async (_name, headers) => {
    const socket = new WebSocket(address(), { headers } as never)
    const outcome = await new Promise((resolve) => {
      socket.addEventListener('open', () => resolve('open'))
      socket.addEventListener('error', () => resolve('refused'))
    })
    expect(outcome).toBe('refused')
  })
})

describe('the page', () => {
  test('is what the root gives to a client that takes anything', async () => {
    const response = await send('GET', '/', { accept: '*/*' })
    expect(response.headers.get('content-type')).toContain('text/html')
    expect((await send('GET', '/settings', { accept: '*/*' })).status).toBe(404)
  })

  test('says what to do while the web app is not built', async () => {
    const response = await send('GET', '/settings', { accept: 'text/html' })
    expect(response.status).toBe(503)
    expect(await response.text()).toContain('npm start')
  })
})

test('the server is not ready while it drains, and closes its sockets', async () => {
  const ready = await send('GET', '/readyz')
  expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([200, 'ready'])
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/ws`, { headers: asBoth } as never)
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  const closed = new Promise((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)))
  test_.end()
  expect(await closed).toBe(1012)
  const draining = await send('GET', '/readyz')
  expect(draining.status).toBe(503)
  expect(await draining.json()).toMatchObject({ checks: { draining: 'draining', database: 'ok' } })
  expect((await send('GET', '/healthz')).status).toBe(200)
})
