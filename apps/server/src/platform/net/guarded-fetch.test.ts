import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { request as undiciRequest } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { within } from '../../testing/pace.ts'
import { createEgress, egressFetch, guardedFetch, parseEgressAllow, ResponseTooLarge } from './index.ts'

type Seen = { method?: string; headers: IncomingMessage['headers']; body: string }

const egress = createEgress(parseEgressAllow('127.0.0.1, localhost'))
const closed: string[] = []
let connections = 0
let origin = ''
let otherOrigin = ''

const server = createServer((request, response) => {
  request.socket.setMaxListeners(0)
  response.on('close', () => response.writableFinished || closed.push(request.url ?? ''))
  answer(request, response).catch((error: unknown) => response.destroy(error as Error))
})
server.on('connection', () => connections++)

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://any')
  const redirect = /^\/redirect\/(\d+)$/.exec(url.pathname)
  if (url.pathname === '/redirect/nowhere') response.writeHead(302).end('stay')
  else if (redirect)
    response.writeHead(Number(redirect[1]), { location: url.searchParams.get('to') ?? '' }).end('moved')
  else if (url.pathname === '/loop') response.writeHead(302, { location: '/loop' }).end()
  else if (url.pathname === '/zeros') response.end(Buffer.alloc(Number(url.searchParams.get('bytes'))))
  else if (url.pathname === '/bomb')
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1e6)))
  else if (url.pathname === '/silent') return
  else if (url.pathname === '/drip') response.writeHead(200).write('first')
  else if (url.pathname === '/nothing') response.writeHead(204).end()
  else {
    const seen: Seen = { method: request.method, headers: request.headers, body: await text(request) }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(seen))
  }
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  origin = `http://127.0.0.1:${port}`
  otherOrigin = `http://localhost:${port}`
})

afterAll(async () => {
  await egress.close()
  server.close()
  server.closeAllConnections()
})

const seenIn = (body: Buffer) => JSON.parse(body.toString()) as Seen
const redirectTo = (status: number, to: string) => `${origin}/redirect/${status}?to=${encodeURIComponent(to)}`

async function waitForClose(path: string): Promise<number> {
  const start = performance.now()
  while (!closed.includes(path)) {
    if (performance.now() - start > 2000) throw new Error(`${path} is still connected`)
    await sleep(2)
  }
  return performance.now() - start
}

describe('redirects', () => {
  const secrets = { Authorization: 'Bearer a', cookie: 'b=c', 'X-Api-Key': 'd', accept: 'text/html' }

  test('keep headers within an origin', async () => {
    const { headers } = seenIn((await guardedFetch(egress, redirectTo(302, '/end'), { headers: secrets })).body)
    expect(headers).toMatchObject({ authorization: 'Bearer a', cookie: 'b=c', 'x-api-key': 'd', accept: 'text/html' })
  })

  test('lose every header that may be a secret across origins', async () => {
    const { headers } = seenIn(
      (await guardedFetch(egress, redirectTo(302, `${otherOrigin}/end`), { headers: secrets })).body,
    )
    expect(headers.accept).toBe('text/html')
    for (const name of ['authorization', 'cookie', 'x-api-key']) expect(headers).not.toHaveProperty(name)
  })

  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'hello'],
    [308, 'PUT', 'PUT', 'hello'],
    [302, 'PUT', 'PUT', 'hello'],
  ])('%d turns %s into %s', async (status, method, expected, body) => {
    const headers = { 'content-type': 'text/plain' }
    const seen = seenIn(
      (await guardedFetch(egress, redirectTo(status, '/end'), { method, headers, body: 'hello' })).body,
    )
    expect(seen).toMatchObject({ method: expected, body })
    expect(seen.headers['content-type']).toBe(body === '' ? undefined : 'text/plain')
  })

  test('end after maxRedirects', async () => {
    await expect(guardedFetch(egress, `${origin}/loop`)).rejects.toThrow('more often than the 5 times')
    await expect(guardedFetch(egress, redirectTo(302, '/end'), { maxRedirects: 0 })).rejects.toThrow('0 times')
  })

  test('without a location are answers', async () => {
    const response = await guardedFetch(egress, `${origin}/redirect/nowhere`)
    expect([response.status, response.body.toString()]).toEqual([302, 'stay'])
  })
})

describe('limits', () => {
  test('a body of exactly maxBytes passes, one more byte does not', async () => {
    const fits = await guardedFetch(egress, `${origin}/zeros?bytes=1000`, { maxBytes: 1000 })
    expect(fits.body).toHaveLength(1000)
    await expect(guardedFetch(egress, `${origin}/zeros?bytes=1001`, { maxBytes: 1000 })).rejects.toThrow(
      ResponseTooLarge,
    )
  })

  test('the limit counts what comes out of decompression', async () => {
    await expect(guardedFetch(egress, `${origin}/bomb`, { maxBytes: 100_000 })).rejects.toThrow(ResponseTooLarge)
    expect((await guardedFetch(egress, `${origin}/bomb`)).body).toHaveLength(1e6)
  })

  test.each(['/silent?t', '/drip?t'])('timeoutMs covers %s', async (path) => {
    const error = await guardedFetch(egress, origin + path, { timeoutMs: 100 }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'TimeoutError' })
    await waitForClose(path)
  })
})

describe('aborting closes the socket at once', () => {
  for (const kind of ['guarded', 'trusted'] as const) {
    test(`${kind} dispatcher, while the body streams`, async () => {
      const path = `/drip?${kind}`
      const controller = new AbortController()
      const { body } = await undiciRequest(origin + path, { dispatcher: egress[kind], signal: controller.signal })
      for await (const _chunk of body.iterator({ destroyOnReturn: false })) break
      controller.abort()
      await expect(body.text()).rejects.toThrow()
      expect(await waitForClose(path)).toBeLessThan(within(250))
    })

    test(`${kind} dispatcher, before the first byte`, async () => {
      const path = `/silent?${kind}`
      const controller = new AbortController()
      const response = undiciRequest(origin + path, { dispatcher: egress[kind], signal: controller.signal })
      setTimeout(() => controller.abort(), 50)
      await expect(response).rejects.toThrow()
      expect(await waitForClose(path)).toBeLessThan(within(250))
    })
  }

  test('egressFetch', async () => {
    const controller = new AbortController()
    const response = await egressFetch(egress.trusted)(`${origin}/drip?fetch`, { signal: controller.signal })
    controller.abort()
    await expect(response.text()).rejects.toThrow()
    expect(await waitForClose('/drip?fetch')).toBeLessThan(within(250))
  })
})

describe('egressFetch', () => {
  const fetchHere = egressFetch(egress.guarded)

  test('answers as the global fetch does', async () => {
    const response = await fetchHere(new URL('/x', origin), { headers: new Headers({ 'x-a': 'b' }) })
    expect(response).toBeInstanceOf(Response)
    expect(response).toMatchObject({ ok: true, status: 200, url: `${origin}/x`, redirected: false })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toMatchObject({ method: 'GET', headers: { 'x-a': 'b' } })
    expect((await fetchHere(`${origin}/nothing`)).status).toBe(204)
  })

  test('takes a Request, with what init changes of it', async () => {
    const request = new Request(`${origin}/x`, { method: 'POST', body: 'hello', headers: { 'x-a': 'b' } })
    expect(await (await fetchHere(request.clone())).json()).toMatchObject({
      method: 'POST',
      body: 'hello',
      headers: { 'x-a': 'b' },
    })
    expect(await (await fetchHere(request, { method: 'PUT' })).json()).toMatchObject({ method: 'PUT', body: 'hello' })
  })

  test('takes the bodies that the global fetch takes', async () => {
    const form = new FormData()
    form.set('field', 'value')
    const sent = async (body: RequestInit['body']) =>
      (await (await fetchHere(`${origin}/x`, { method: 'POST', body })).json()) as Seen
    expect((await sent(form)).body).toContain('name="field"\r\n\r\nvalue')
    expect(await sent(new URLSearchParams({ a: 'b' }))).toMatchObject({
      body: 'a=b',
      headers: { 'content-length': '3' },
    })
    expect((await sent(new Blob(['blob']))).body).toBe('blob')
  })
})

test('connections are used again', async () => {
  await guardedFetch(egress, `${origin}/x`)
  const before = connections
  for (let i = 0; i < 5; i++) await guardedFetch(egress, `${origin}/x`)
  expect(connections).toBe(before)
})
