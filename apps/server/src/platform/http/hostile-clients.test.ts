import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers'
import { endpoint } from '@parley/contract'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { eventually } from '../../testing/eventually.ts'
import { makePlatform } from '../../testing/make-platform.ts'
import type { Config } from '../config/index.ts'
import { closeStreams, createHttp, type Http, mountHealth, openSse, type SseStream } from './index.ts'

const common = { tag: 'Things', summary: 'A thing', access: 'public' } as const
const echo = endpoint({
  ...common,
  method: 'POST',
  path: '/api/v1/echo',
  body: z.object({ a: z.string() }).partial().default({}),
})
const hang = endpoint({ ...common, method: 'POST', path: '/api/v1/hang' })
const stop = endpoint({ ...common, method: 'POST', path: '/api/v1/stop', vital: true })
const stream = endpoint({
  ...common,
  method: 'GET',
  path: '/api/v1/stream',
  media: { response: ['text/event-stream'] },
  status: 200,
})

interface Served {
  http: Http
  port: number
  url: string
  streams: SseStream[]
  letGo: () => void
}

let cleanUp: () => Promise<void> = async () => undefined
afterEach(() => cleanUp())

async function serve(adjust: (http: Config['http']) => void): Promise<Served> {
  const { platform, drop } = await makePlatform()
  adjust(platform.config.http)
  const http = await createHttp(platform, async () => null)
  const streams: SseStream[] = []
  let letGo = () => {}
  const gone = new Promise<void>((resolve) => {
    letGo = resolve
  })
  mountHealth(http, () => true)
  http.publicRoute(echo, async () => undefined)
  http.publicRoute(hang, () => gone)
  http.publicRoute(stop, async () => undefined)
  http.publicRoute(stream, async (_ctx, _input, exchange) => {
    streams.push(openSse(exchange))
  })
  const url = await http.app.listen({ host: '127.0.0.1', port: 0 })
  cleanUp = async () => {
    letGo()
    closeStreams(http.app)
    http.app.server.closeAllConnections()
    await http.app.close()
    await drop()
  }
  return { http, port: Number(new URL(url).port), url, streams, letGo: () => letGo() }
}

/** A socket that says nothing by itself, what it was answered, and when it was closed. */
async function open(port: number, from = '127.0.0.1') {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  let answer = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  return { socket, closed, answer: () => answer }
}

const openOnServer = (http: Http) =>
  new Promise<number>((resolve) => http.app.server.getConnections((_error, count) => resolve(count)))

/** One byte at a time, never to the end. */
function drip(socket: Socket, text: string): void {
  let at = 0
  const timer = setInterval(() => socket.write(text[at++ % text.length]!), 20)
  socket.once('close', () => clearInterval(timer))
}

const headers = (...lines: string[]) => [...lines, '', ''].join('\r\n')

describe('slow requests end', () => {
  const quick = (http: Config['http']) => {
    http.arrival = { headersMs: 300, bodyMs: 300, uploadMs: 900 }
  }

  test('headers that never end are answered with 408', async () => {
    const { port } = await serve(quick)
    const { socket, closed, answer } = await open(port)
    socket.write('POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    drip(socket, 'abcdef')
    await closed
    expect(answer()).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('a connection that never says anything is closed', async () => {
    const { port } = await serve(quick)
    await (await open(port)).closed
  })

  test('a body that never ends is answered with 408, and the connection closed', async () => {
    const { port } = await serve(quick)
    const { socket, closed, answer } = await open(port)
    socket.write(
      headers('POST /api/v1/echo HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 5000'),
    )
    socket.write('{"a":"')
    drip(socket, 'abcdef')
    await closed
    expect(answer()).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s)
  })

  test('a body that nobody reads, since it was refused, holds the connection no longer', async () => {
    const { port, url } = await serve(quick)
    const { socket, closed, answer } = await open(port)
    const head = ['POST /api/v1/echo HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 5000000']
    socket.write(headers(...head))
    drip(socket, 'abcdef')
    await closed
    expect(answer()).toMatch(/^HTTP\/1\.1 413 /)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  test('so is one that is sent in chunks', async () => {
    const { port } = await serve(quick)
    const { socket, closed, answer } = await open(port)
    socket.write(
      headers('POST /api/v1/echo HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Transfer-Encoding: chunked'),
    )
    socket.write('6\r\n{"a":"\r\n')
    const timer = setInterval(() => socket.write('1\r\nx\r\n'), 20)
    await closed
    clearInterval(timer)
    expect(answer()).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('others are answered meanwhile, and a slow but steady body arrives', async () => {
    const { port, url } = await serve((http) => {
      http.arrival = { headersMs: 2_000, bodyMs: 2_000, uploadMs: 4_000 }
    })
    for (let i = 0; i < 50; i++) {
      const { socket } = await open(port)
      socket.write('POST /api/v1/echo HTTP/1.1\r\nHost: x\r\nX-Slow: ')
      drip(socket, 'abcdef')
    }
    const { socket, answer } = await open(port)
    socket.write(
      headers('POST /api/v1/echo HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 10'),
    )
    for (const byte of '{"a":"bc"}') {
      socket.write(byte)
      expect((await fetch(`${url}/healthz`)).status).toBe(200)
    }
    await eventually(() => expect(answer()).toMatch(/^HTTP\/1\.1 204 /))
  })
})

describe('connections', () => {
  test('5,000 idle ones from one address are held to its share; another address is served', async () => {
    const { http, port } = await serve((each) => {
      each.maxConnections = { total: 1_000, perAddress: 200 }
    })
    const before = process.memoryUsage().rss
    const sockets: Socket[] = []
    for (let batch = 0; batch < 25; batch++) {
      const opened = await Promise.all(Array.from({ length: 200 }, () => open(port)))
      sockets.push(...opened.map(({ socket }) => socket))
      expect(await openOnServer(http)).toBeLessThanOrEqual(400)
    }
    await eventually(async () => expect(await openOnServer(http)).toBe(200))
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024)

    const other = await open(port, '127.0.0.2')
    other.socket.write(headers('GET /healthz HTTP/1.1', 'Host: x', 'Connection: close'))
    await other.closed
    expect(other.answer()).toMatch(/^HTTP\/1\.1 200 /)

    for (const socket of sockets) socket.destroy()
    await eventually(async () => expect(await openOnServer(http)).toBe(0))
    const again = await open(port)
    again.socket.write(headers('GET /healthz HTTP/1.1', 'Host: x', 'Connection: close'))
    await again.closed
    expect(again.answer()).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('all together have a limit, too', async () => {
    const { http, port } = await serve((each) => {
      each.maxConnections = { total: 50, perAddress: 20 }
    })
    for (const last of [1, 2, 3, 4, 5]) {
      await Promise.all(Array.from({ length: 30 }, () => open(port, `127.0.0.${last}`)))
    }
    await eventually(async () => expect(await openOnServer(http)).toBe(50))
  })

  test('a trusted proxy has as many as it needs', async () => {
    const { http, port } = await serve((each) => {
      each.maxConnections = { total: 1_000, perAddress: 10 }
      each.trustedProxies = ['loopback']
    })
    await Promise.all(Array.from({ length: 100 }, () => open(port)))
    await eventually(async () => expect(await openOnServer(http)).toBe(100))
  })
})

describe('a process with too much to do', () => {
  /** Keeps the event loop busy, in spells, until it is called. */
  function keepBusy(spellMs: number): () => void {
    let busy = true
    const spell = () => {
      if (!busy) return
      const until = performance.now() + spellMs
      while (performance.now() < until);
      // What waits gets its turn in between, as with many requests that each take long.
      setImmediate(() => setImmediate(spell))
    }
    spell()
    return () => {
      busy = false
    }
  }

  const post = (url: string, path: string) => fetch(`${url}/api/v1/${path}`, { method: 'POST' })

  test('refuses with 503 and when to come back, answers health, stops and running streams, and recovers', async () => {
    const { url, port, streams } = await serve((each) => {
      each.overload = { delayMs: 50, requestsInFlight: 0 }
    })
    const reader = (await fetch(`${url}/api/v1/stream`)).body!.getReader()
    expect((await post(url, 'echo')).status).toBe(204)

    const rest = keepBusy(150)
    const refused = await eventually(async () => {
      const response = await post(url, 'echo')
      expect(response.status).toBe(503)
      return response
    })
    expect(refused.headers.get('retry-after')).toMatch(/^[2-5]$/)
    expect(await refused.json()).toMatchObject({ code: 'unavailable' })
    expect(refused.headers.get('content-security-policy')).not.toBeNull()
    const page = await open(port)
    page.socket.write(headers('GET /settings HTTP/1.1', 'Host: x', 'Sec-Fetch-Mode: navigate', 'Connection: close'))
    await page.closed
    expect(page.answer()).toMatch(/^HTTP\/1\.1 503 .*retry-after: (\d)\r\nrefresh: \1\r\n.*tries again by itself/s)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect((await post(url, 'stop')).status).toBe(204)
    streams[0]!.write('data: still here\n\n')
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('still here')

    rest()
    await eventually(async () => expect((await post(url, 'echo')).status).toBe(204))
    await reader.cancel()
  })

  test('refuses what comes on top of the requests in flight; open streams are none', async () => {
    const { url, letGo } = await serve((each) => {
      each.overload = { delayMs: 0, requestsInFlight: 5 }
    })
    const readers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/api/v1/stream`)))
    const waiting = Array.from({ length: 5 }, () => post(url, 'hang'))
    await eventually(async () => expect((await post(url, 'echo')).status).toBe(503))
    expect((await post(url, 'stop')).status).toBe(204)
    letGo()
    for (const response of await Promise.all(waiting)) expect(response.status).toBe(204)
    expect((await post(url, 'echo')).status).toBe(204)
    for (const { body } of readers) await body!.cancel()
  })

  test('requests that are given up are in flight no more', async () => {
    const { url, port } = await serve((each) => {
      each.overload = { delayMs: 0, requestsInFlight: 5 }
    })
    for (let i = 0; i < 20; i++) {
      const { socket, closed } = await open(port)
      const head = ['POST /api/v1/echo HTTP/1.1', 'Host: x', 'Content-Type: application/json', 'Content-Length: 50']
      socket.write(headers(...head))
      socket.write('{"a"')
      await new Promise((resolve) => setImmediate(resolve))
      socket.destroy()
      await closed
    }
    await eventually(async () => expect((await post(url, 'echo')).status).toBe(204))
  })
})
