import { createSocket } from 'node:dgram'
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { AuditEntry, AuditSettings, Page, SealedAuditEntry } from '@parley/contract'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hashEntry } from '../../../platform/audit/index.ts'
import { eventually } from '../../../testing/eventually.ts'
import { startServer, type TestServer } from '../../../testing/start-server.ts'

interface Received {
  headers: IncomingHttpHeaders
  body: string
}

let server: TestServer
let receiver: Awaited<ReturnType<typeof startReceiver>>
/** What TCP brought, each connection whole. */
const connections: string[] = []
const syslog = createServer({ allowHalfOpen: true }, (socket: Socket) => {
  let text = ''
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  socket.on('end', () => {
    connections.push(text)
    socket.end()
  })
})

/** Somebody's server for webhooks, that answers as it is told. */
async function startReceiver() {
  const received: Received[] = []
  const answers = { status: 204 }
  const http = createHttpServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      response.writeHead(answers.status).end()
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/parley`
  return { url, received, answers, close: () => new Promise((resolve) => http.close(resolve)) }
}

beforeAll(async () => {
  receiver = await startReceiver()
  await new Promise<void>((resolve) => syslog.listen(0, '127.0.0.1', resolve))
  const { port } = syslog.address() as AddressInfo
  server = await startServer({
    env: { PARLEY_EGRESS_ALLOW: '127.0.0.1', PARLEY_AUDIT_SYSLOG: `tcp://127.0.0.1:${port}`, PARLEY_SIGNUP: 'open' },
  })
})
afterAll(async () => {
  await server?.close()
  await receiver?.close()
  syslog.close()
})

const makeGroup = (name: string) => server.owner.json<{ id: string }>('POST', '/api/v1/groups', { name })
const settings = () => server.owner.json<AuditSettings>('GET', '/api/v1/audit/settings')
const newest = async () => (await server.owner.json<Page<AuditEntry>>('GET', '/api/v1/audit?limit=1')).data[0]!
const dataOf = ({ body }: Received) => (JSON.parse(body) as { data: SealedAuditEntry }).data

describe('the webhook of a workspace', () => {
  afterEach(() => {
    receiver.answers.status = 204
  })

  test('gets every entry from then on, signed and in order; a receiver that fails gets them later', async () => {
    const { secret } = await server.owner.json<{ secret: string }>('PUT', '/api/v1/audit/webhook', {
      url: receiver.url,
    })
    await makeGroup('One')
    await eventually(() => expect(receiver.received.length).toBeGreaterThanOrEqual(2))
    const first = receiver.received[0]!
    expect(new Webhook(secret).verify(first.body, first.headers as Record<string, string>)).toMatchObject({
      type: 'audit.entry',
      data: { action: 'audit.settings-changed', after: { webhookUrl: receiver.url } },
    })
    expect(() =>
      new Webhook(secret).verify(first.body.replace('done', 'gone'), first.headers as Record<string, string>),
    ).toThrow()
    expect(JSON.stringify(await settings())).not.toContain(secret)

    receiver.answers.status = 500
    const before = receiver.received.length
    await makeGroup('Two')
    await makeGroup('Three')
    await eventually(async () => expect((await settings()).webhook?.lastError).toContain('status 500'))
    expect(receiver.received.length).toBeGreaterThan(before)
    receiver.answers.status = 204
    await eventually(async () => {
      const { webhook } = await settings()
      expect(webhook).toMatchObject({ lastError: null, failingSince: null })
      expect(webhook!.deliveredSequence).toBe(webhook!.lastSequence)
    })
    // Each at least once, first arrivals in order, and each as its hash says.
    const entries = receiver.received.map(dataOf)
    const firstArrivals = [...new Set(entries.map((entry) => entry.sequence))]
    expect(firstArrivals).toEqual(firstArrivals.toSorted((a, b) => a - b))
    expect(firstArrivals.at(-1)! - firstArrivals[0]! + 1).toBe(firstArrivals.length)
    for (const entry of entries) expect(hashEntry(entry.previousHash, entry)).toBe(entry.hash)
  })

  test('goes only where the server may go, and ends when it is dropped', async () => {
    const refused = server.owner.json('PUT', '/api/v1/audit/webhook', { url: 'http://169.254.169.254/latest' })
    await expect(refused).rejects.toThrow('egress_refused')
    await server.owner.json('DELETE', '/api/v1/audit/webhook')
    expect((await settings()).webhook).toBe(null)
    await expect(server.owner.json('DELETE', '/api/v1/audit/webhook')).rejects.toThrow('404')
    expect(await newest()).toMatchObject({ before: { webhookUrl: receiver.url }, after: { webhookUrl: null } })
  })
})

test('syslog gets every entry of every log, framed as RFC 5424 and RFC 6587 say', async () => {
  await makeGroup('Seen by syslog')
  const { sequence, chain } = await newest()
  const messages = () => connections.flatMap(unframe)
  await eventually(() => expect(messages().some((message) => message.includes('Seen by syslog'))).toBe(true))
  const pattern = /^<109>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ parley - (\S+) - \ufeff(\{.*\})$/s
  const entries = messages().map((message) => JSON.parse(pattern.exec(message)![2]!) as SealedAuditEntry)
  const own = entries.filter((entry) => entry.chain === chain).map((entry) => entry.sequence)
  expect([...new Set(own)]).toEqual(Array.from({ length: sequence }, (_, index) => index + 1))
})

/** `<octets> <message>` after `<octets> <message>`. */
function unframe(text: string): string[] {
  const messages: string[] = []
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    const space = rest.indexOf(' ')
    const length = Number(rest.subarray(0, space).toString())
    messages.push(rest.subarray(space + 1, space + 1 + length).toString())
    rest = rest.subarray(space + 1 + length)
  }
  return messages
}

test('over UDP each entry is a datagram', async () => {
  const { sendToSyslog } = await import('./send-to-syslog.ts')
  const udp = createSocket('udp4')
  const got: string[] = []
  udp.on('message', (message) => got.push(message.toString()))
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
  const entry = await newest()
  const target = { protocol: 'udp', host: '127.0.0.1', port: udp.address().port } as const
  await sendToSyslog(target, 'parley.example.com', [entry], new AbortController().signal)
  await eventually(() => expect(got).toHaveLength(1))
  expect(got[0]).toMatch(/^<109>1 /)
  udp.close()
})
