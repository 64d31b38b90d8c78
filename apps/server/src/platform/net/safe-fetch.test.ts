import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { request as undiciRequest } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  checkUrl,
  createEgress,
  type Egress,
  EgressRefused,
  egressFetch,
  guardedFetch,
  parseEgressAllow,
} from './index.ts'

const PUBLIC = '93.184.216.34'

/** Answers of the resolver in these tests. Several answers: one per question, the last one stays. */
const NAMES: Record<string, string[][]> = {
  localhost: [['127.0.0.1']],
  'localhost.': [['127.0.0.1']],
  'inside.example': [['127.0.0.1']],
  'inside6.example': [['::1']],
  'mapped.example': [['::ffff:127.0.0.1']],
  'nat64.example': [['64:ff9b::7f00:1']],
  'mixed.example': [[PUBLIC, '127.0.0.1']],
  'mixed-other-way.example': [['127.0.0.1', PUBLIC]],
  'zone.example': [['fe80::1%eth0']],
  'nonsense.example': [['localhost']],
  'metadata.example': [['169.254.169.254']],
  '127.0.0.1.nip.example': [['127.0.0.1']],
  'all-public.example': [[PUBLIC, '2606:2800:220:1:248:1893:25c8:1946']],
}

/** Forms that reach the listener on 127.0.0.1 (or ::1) when nothing stops them. */
const LOOPBACK = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.0.0.1.',
  '2130706433',
  '017700000001',
  '0x7f000001',
  '0x7F.1',
  '0x7f.0x0.0x0.0x1',
  '0177.0.0.1',
  '0177.0.0.01',
  '0177.0x0.1',
  '%31%32%37.0.0.1',
  '127%2e0%2e0%2e1',
  '１２７.０.０.１',
  '127。0。0。1',
  '①②⑦.0.0.1',
  '0',
  '0x0',
  '0.0.0.0',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  'inside.example',
  '127.0.0.1.nip.example',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:FFFF:7F00:0001]',
]

const LOOPBACK_V6 = ['[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', 'inside6.example']

const ELSEWHERE = [
  // IPv4: loopback, private, link-local with metadata, shared, and the rest that is not the public internet
  '127.0.0.2',
  '127.255.255.254',
  '10.0.0.1',
  '167772161',
  '0xa.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '192.168.257',
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '100.64.0.1',
  '100.127.255.255',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '0.1.2.3',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  // IPv6 of the same kinds
  '[::]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
  '[ff02::1]',
  '[100::1]',
  '[2001:db8::1]',
  '[3fff::1]',
  '[2001:2::1]',
  '[5f00::1]',
  '[4000::1]',
  // IPv4 in IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo (server, then client inverted), ORCHID
  '[::ffff:10.0.0.1]',
  '[::ffff:169.254.169.254]',
  '[::ffff:93.184.216.34]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::a00:1]',
  '[2002:7f00:1::]',
  '[2002:a00:1::1]',
  '[2001:0:7f00:1::]',
  '[2001::80ff:fffe]',
  '[2001:20::1]',
  // names
  'mapped.example',
  'nat64.example',
  'mixed.example',
  'mixed-other-way.example',
  'zone.example',
  'nonsense.example',
  'metadata.example',
]

/** Whole URLs that hide where they lead, `PORT` being the listener's. */
const DISGUISED = [
  'http:127.0.0.1:PORT',
  'http:/127.0.0.1:PORT',
  'http:\\\\127.0.0.1:PORT',
  'http:////127.0.0.1:PORT',
  ' \thttp://127.0.\n0.1:PORT',
  'http://example.com@127.0.0.1:PORT',
  'http://127.0.0.1:PORT\\@example.com',
  'http://127.0.0.1:PORT#@example.com',
  'http://127.0.0.1:PORT?@example.com',
  'HTTPS://127.0.0.1:PORT',
]

/** Refused whatever the operator allows. */
const NEVER = [
  'http://me:secret@127.0.0.1:PORT',
  'http://me@127.0.0.1:PORT',
  'http://:secret@127.0.0.1:PORT',
  'ftp://127.0.0.1:PORT',
  'gopher://127.0.0.1:PORT/_GET',
  'ws://127.0.0.1:PORT',
  'file:///etc/passwd',
  'data:text/plain,hello',
  'javascript:alert(1)',
  'about:blank',
  'unix:///var/run/docker.sock',
  'http://127.0.0.1:0',
  'http://127.0.0.1:22',
  'http://127.0.0.1:25',
  'https://127.0.0.1:6000',
  'http://example.com:10080',
  'http://127.0.0.1:99999',
  'http://256.0.0.1:PORT',
  'http://[::1',
  '//127.0.0.1:PORT',
  '127.0.0.1:PORT',
  '',
]

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
  function open(allow: string, names: Record<string, string[][]> = NAMES): Egress & { questions: () => number } {
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
  const hosts = [...LOOPBACK, ...LOOPBACK_V6, ...ELSEWHERE].map((host) => `http://${host}:PORT/`)

  test('many forms are tried', () => {
    expect(new Set([...hosts, ...DISGUISED, ...NEVER]).size).toBeGreaterThan(100)
  })

  for (const [door, go] of Object.entries(doors)) {
    test.each([...hosts, ...DISGUISED])(`${door} does not reach %j`, async (form) => {
      const egress = open('')
      await expect(go(egress, withPort(form))).rejects.toThrow()
      expect(connections).toBe(0)
    })

    test.each(NEVER)(`${door} does not reach %j even when everything is allowed`, async (form) => {
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

  test.each(LOOPBACK)(
    '%s arrives once everything is allowed, so that the refusals above mean something',
    async (host) => {
      const response = await guardedFetch(open('*'), `http://${host}:${port}/here`)
      expect(response.body.toString()).toBe('hello')
      expect(arrived).toEqual(['/here'])
    },
  )

  test.each(LOOPBACK_V6)('%s arrives once everything is allowed', async (host) => {
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
    const egress = open('', { 'turns.example': [[PUBLIC], ['127.0.0.1']] })
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
    const openStart = () => open(`start.example:${port}`, { ...NAMES, 'start.example': [['127.0.0.1']] })
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
