import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { request as undiciRequest } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  disguised,
  elsewhere,
  hostileNames,
  loopback,
  loopbackV6,
  neverFetched,
  publicAddress,
} from '../../testing/hostile-addresses.ts'
import {
  checkUrl,
  createEgress,
  type Egress,
  EgressRefused,
  egressFetch,
  guardedFetch,
  parseEgressAllow,
} from './index.ts'

describe('P14 safe fetch', () => {
  let port = 0
  let arrived: string[] = []
  let connections = 0
  let hasV6 = true
  const servers: Server[] = []
  const egresses: Egress[] = []

  beforeAll(async () => {
    const first = await listen('127.0.0.1', 0)
    port = (first.address() as AddressInfo).port
    hasV6 = await listen('::1', port).then(
      () => true,
      () => false,
    )
  })

  beforeEach(() => {
    arrived = []
    connections = 0
  })

  afterAll(async () => {
    await Promise.all(egresses.map((egress) => egress.close()))
    for (const server of servers) server.close()
  })

  async function listen(host: string, onPort: number): Promise<Server> {
    const server = createServer((request, response) => {
      arrived.push(request.url ?? '')
      const target = /^\/to\?(.*)$/.exec(request.url ?? '')?.[1]
      if (target === undefined) response.end('hello')
      else response.writeHead(302, { location: Buffer.from(decodeURIComponent(target)).toString('latin1') }).end()
    })
    server.on('connection', () => connections++)
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(onPort, host, resolve))
    servers.push(server)
    return server
  }

  /** An egress with a resolver of its own that counts the questions. */
  function open(allow: string, names: Record<string, string[][]> = hostileNames): Egress & { questions: () => number } {
    const left = structuredClone(names)
    let questions = 0
    const egress = createEgress({
      allow: parseEgressAllow(allow).allow,
      async resolveName(hostname) {
        questions++
        const answers = left[hostname] ?? []
        const answer = answers.length > 1 ? answers.shift() : answers[0]
        return (answer ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
      },
    })
    egresses.push(egress)
    return { ...egress, questions: () => questions }
  }

  const doors: Record<string, (egress: Egress, url: string) => Promise<unknown>> = {
    guardedFetch: (egress, url) => guardedFetch(egress, url, { timeoutMs: 5000 }),
    egressFetch: (egress, url) => egressFetch(egress.guarded)(url),
    dispatcher: async (egress, url) => undiciRequest(url, { dispatcher: egress.guarded }),
  }

  const withPort = (url: string) => url.replace('PORT', String(port))
  const hosts = [...loopback, ...loopbackV6, ...elsewhere].map((host) => `http://${host}:PORT/`)

  test('many forms are tried', () => {
    expect(new Set([...hosts, ...disguised, ...neverFetched]).size).toBeGreaterThan(100)
  })

  for (const [door, go] of Object.entries(doors)) {
    test.each([...hosts, ...disguised])(`${door} does not reach %j`, async (form) => {
      const egress = open('')
      await expect(go(egress, withPort(form))).rejects.toThrow()
      expect(connections).toBe(0)
    })

    test.each(neverFetched)(`${door} does not reach %j even when everything is allowed`, async (form) => {
      // fetch answers data: and about: from the text itself, without a connection.
      if (door === 'egressFetch' && /^(data|about):/.test(form)) return
      // The bare dispatcher sees no credentials: undici keeps them out of the request.
      if (door === 'dispatcher' && form.includes('@')) return
      const refusal = door === 'guardedFetch' ? EgressRefused : Error
      await expect(go(open('*'), withPort(form))).rejects.toThrow(refusal)
      expect(connections).toBe(0)
    })
  }

  test.each(hosts)('guardedFetch says EgressRefused and a remedy that is true for %j', async (form) => {
    const url = withPort(form)
    const refusal = await guardedFetch(open(''), url).catch((error: unknown) => error)
    if (!(refusal instanceof EgressRefused)) throw refusal
    expect(refusal.reason).toMatch(/is a private address\.$/)
    const setting = /PARLEY_EGRESS_ALLOW=(\S+)$/.exec(refusal.remedy)?.[1] ?? ''
    expect(parseEgressAllow(setting).problems).toEqual([])
    expect(await checkUrl(open(setting), url)).toBeUndefined()
  })

  test.each(loopback)(
    '%s arrives once everything is allowed, so that the refusals above mean something',
    async (host) => {
      const response = await guardedFetch(open('*'), `http://${host}:${port}/here`)
      expect(response.body.toString()).toBe('hello')
      expect(arrived).toEqual(['/here'])
    },
  )

  test.each(loopbackV6)('%s arrives once everything is allowed', async (host) => {
    if (!hasV6) return
    const response = await guardedFetch(open('*'), `http://${host}:${port}/here`)
    expect(response.status).toBe(200)
    expect(arrived).toEqual(['/here'])
  })

  test('https is guarded too: no connection when refused, one when allowed', async () => {
    await expect(guardedFetch(open(''), `https://inside.example:${port}`)).rejects.toThrow(EgressRefused)
    expect(connections).toBe(0)
    await expect(guardedFetch(open('*'), `https://inside.example:${port}`)).rejects.toThrow()
    expect(connections).toBe(1)
  })

  test.each([
    'inside.example:PORT',
    '*.example',
    '127.0.0.1',
    '127.0.0.1:PORT',
    '127.0.0.0/8',
    'other.example, inside.example',
  ])('the operator opens a name with %s', async (allow) => {
    const response = await guardedFetch(open(withPort(allow)), `http://inside.example:${port}/`)
    expect(response.body.toString()).toBe('hello')
  })

  test.each(['inside.example:1', 'example', '*.inside.example', '127.0.0.2', '127.0.0.1:1', '10.0.0.0/8', '::/0'])(
    'a name stays closed with %s',
    async (allow) => {
      await expect(guardedFetch(open(allow), `http://inside.example:${port}/`)).rejects.toThrow(EgressRefused)
      expect(connections).toBe(0)
    },
  )

  test('a name that answers public at the check and private at use is refused at use', async () => {
    const egress = open('', { 'turns.example': [[publicAddress], ['127.0.0.1']] })
    expect(await checkUrl(egress, `http://turns.example:${port}/`)).toBeUndefined()
    await expect(guardedFetch(egress, `http://turns.example:${port}/`)).rejects.toThrow(EgressRefused)
    expect(egress.questions()).toBe(2)
    expect(connections).toBe(0)
  })

  test('the address that was checked is the one connected to: one question, whatever comes after', async () => {
    const egress = open('127.0.0.1', { 'turns.example': [['127.0.0.1'], ['10.0.0.1']] })
    const response = await guardedFetch(egress, `http://turns.example:${port}/`)
    expect(response.status).toBe(200)
    expect(egress.questions()).toBe(1)
  })

  test('public addresses pass the check', async () => {
    const urls = [
      'http://all-public.example',
      'https://93.184.216.34',
      'https://[2606:4700::1111]',
      'http://1.1.1.1:8080',
    ]
    for (const url of urls) expect(await checkUrl(open(''), url)).toBeUndefined()
  })

  test('checkUrl tells a name without an address', async () => {
    expect(await checkUrl(open(''), 'https://nowhere.example')).toContain('nowhere.example was not found')
  })

  test('refusals do not tell which address a name has', async () => {
    const sentence = await checkUrl(open(''), 'http://metadata.example/latest')
    expect(sentence).toBe(
      'http://metadata.example is a private address. The operator can allow it with PARLEY_EGRESS_ALLOW=metadata.example:80',
    )
  })

  describe('redirects', () => {
    const start = (target: string) => `http://start.example:${port}/to?${encodeURIComponent(target)}`
    const openStart = () => open(`start.example:${port}`, { ...hostileNames, 'start.example': [['127.0.0.1']] })
    const targets = [
      ...hosts,
      'file:///etc/passwd',
      'http://me:secret@start.example:PORT/',
      'http://start.example:25/',
      'http://[',
    ]

    test.each(targets)('to %j are not followed', async (form) => {
      await expect(guardedFetch(openStart(), start(withPort(form)))).rejects.toThrow(EgressRefused)
      expect(arrived).toHaveLength(1)
    })

    test.each(hosts)('to %j are not followed by egressFetch', async (form) => {
      await expect(egressFetch(openStart().guarded)(start(withPort(form)))).rejects.toThrow(EgressRefused)
      expect(arrived).toHaveLength(1)
    })

    test('to an allowed address are followed, relative ones too', async () => {
      expect(await guardedFetch(openStart(), start('/end'))).toMatchObject({
        status: 200,
        url: `http://start.example:${port}/end`,
      })
      expect(arrived).toHaveLength(2)
    })

    test('are returned, not followed, by the dispatcher', async () => {
      const response = await undiciRequest(start('/end'), { dispatcher: openStart().guarded })
      await response.body.dump()
      expect(response.statusCode).toBe(302)
      expect(arrived).toHaveLength(1)
    })
  })
})
