import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import type { ApiKey, CreatedApiKey, Page, Problem } from '@parley/contract'
import { createSigner, httpbis } from 'http-message-signatures'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../platform/context.ts'
import { startServer, type TestServer } from '../../../testing/start-server.ts'
import { pruneApiKeys } from './prune-keys.ts'

type SigningKey = ReturnType<typeof createSigner>
interface Sent {
  url: string
  method: string
  headers: Record<string, string>
  body?: string
}

let server: TestServer
let hmac: CreatedApiKey
let ed: CreatedApiKey
const pair = generateKeyPairSync('ed25519')
const publicKey = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()

beforeAll(async () => {
  server = await startServer()
  hmac = await makeKey({ algorithm: 'hmac-sha256' })
  ed = await makeKey({ algorithm: 'ed25519', publicKey })
})
afterAll(() => server.close())
afterEach(() => {
  server.platform.clock = systemClock
})

function makeKey(signing: unknown): Promise<CreatedApiKey> {
  return server.owner.json('POST', '/api/v1/api-keys', { name: 'Signing', signing })
}

const withSecret = (key: CreatedApiKey) => createSigner(key.signingSecret!, 'hmac-sha256', key.id)
const withPrivateKey = () => createSigner(pair.privateKey, 'ed25519', ed.id)
const digestOf = (body: string) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`

interface Signing {
  method?: string
  path?: string
  body?: string
  fields?: string[]
  /** Replace or leave out (null) parameters. */
  params?: { created?: Date | null; expires?: Date; nonce?: string; keyid?: string; alg?: string }
  leave?: string
}

/** A request signed by an independent implementation. */
async function signed(key: CreatedApiKey, signer: SigningKey, options: Signing = {}): Promise<Sent> {
  const { path = '/api/v1/me', body, params = {} } = options
  const created = params.created === undefined ? new Date() : params.created
  const request: Sent = {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    url: server.url + path,
    headers: {
      authorization: `Bearer ${key.key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-digest': digestOf(body) }),
    },
    ...(body === undefined ? {} : { body }),
  }
  const names = ['created', 'expires', 'nonce', 'keyid', 'alg'].filter((name) => name !== options.leave)
  const result = await httpbis.signMessage(
    {
      key: signer,
      fields: options.fields ?? ['@method', '@target-uri', ...(body === undefined ? [] : ['content-digest'])],
      params: names,
      paramValues: {
        expires: new Date((created ?? new Date()).getTime() + 60_000),
        nonce: randomBytes(16).toString('base64'),
        ...params,
        created,
      },
    },
    request,
  )
  return { ...request, headers: result.headers as Record<string, string> }
}

async function send(request: Sent): Promise<[number, string | undefined, string]> {
  const { url, method, headers, body } = request
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  const answer = (await response.json()) as Partial<Problem>
  return [response.status, answer.code, answer.detail ?? '']
}

const refused = (detail: RegExp) => [401, 'signature_invalid', expect.stringMatching(detail)]
const conversation = JSON.stringify({ title: 'Signed' })

describe('a signed request', () => {
  test('is accepted: hmac-sha256 and ed25519, with and without a body, either way to name the target', async () => {
    const parts = ['@method', '@authority', '@path', '@query']
    for (const [key, signer] of [
      [hmac, withSecret(hmac)],
      [ed, withPrivateKey()],
    ] as const) {
      expect((await send(await signed(key, signer)))[0]).toBe(200)
      expect((await send(await signed(key, signer, { fields: parts })))[0]).toBe(200)
      expect((await send(await signed(key, signer, { path: '/api/v1/conversations?limit=2', fields: parts })))[0]).toBe(
        200,
      )
      const made = await signed(key, signer, { path: '/api/v1/conversations', body: conversation })
      expect((await send(made))[0]).toBe(201)
    }
  })

  test('is accepted beside the signature of a proxy', async () => {
    const request = await signed(hmac, withSecret(hmac))
    request.headers['Signature-Input'] = `proxy=("@method");keyid="proxy", ${request.headers['Signature-Input']}`
    request.headers.Signature = `proxy=:AAAA:, ${request.headers.Signature}`
    expect((await send(request))[0]).toBe(200)
  })

  test('is accepted under the public address, behind a proxy that asks under another', async () => {
    const { http } = server.platform.config
    const { publicUrl } = http
    http.publicUrl = 'https://chat.example.com'
    try {
      const request = await signed(hmac, withSecret(hmac))
      const outside = await httpbis.signMessage(
        {
          key: withSecret(hmac),
          fields: ['@method', '@target-uri'],
          params: ['created', 'expires', 'nonce', 'keyid'],
          paramValues: { nonce: randomBytes(16).toString('hex') },
        },
        { method: 'GET', url: 'https://chat.example.com/api/v1/me', headers: { authorization: `Bearer ${hmac.key}` } },
      )
      expect((await send({ ...request, headers: outside.headers as Record<string, string> }))[0]).toBe(200)
    } finally {
      http.publicUrl = publicUrl
    }
  })

  test('is refused without a signature, and for a key that need not sign a signature changes nothing', async () => {
    const bare = { url: `${server.url}/api/v1/me`, method: 'GET', headers: { authorization: `Bearer ${hmac.key}` } }
    expect(await send(bare)).toEqual(refused(/have to be signed/))
    const plain = await server.owner.json<CreatedApiKey>('POST', '/api/v1/api-keys', { name: 'Plain' })
    const odd = { authorization: `Bearer ${plain.key}`, signature: 'nonsense', 'signature-input': '(' }
    expect((await send({ ...bare, headers: odd }))[0]).toBe(200)
  })
})

describe('refused is', () => {
  test('a replay: at once, of many at once, and after the signature expired', async () => {
    const request = await signed(hmac, withSecret(hmac))
    expect((await send(request))[0]).toBe(200)
    expect(await send(request)).toEqual(refused(/used before/))
    const posted = await signed(ed, withPrivateKey(), { path: '/api/v1/conversations', body: conversation })
    const all = await Promise.all(Array.from({ length: 20 }, () => send(posted)))
    expect(all.map(([status]) => status).filter((status) => status === 201)).toHaveLength(1)
    expect(all.filter(([status]) => status === 401)).toHaveLength(19)
    server.platform.clock = { now: () => new Date(Date.now() + 61_000) }
    expect(await send(request)).toEqual(refused(/expired/))
    // Also when nonces are forgotten, and as long as a clock may be behind.
    await pruneApiKeys(server.platform)
    expect(await send(request)).toEqual(refused(/expired/))
  })

  test('one whose nonce, time, key or algorithm was altered', async () => {
    const fresh = () => signed(hmac, withSecret(hmac))
    const alter = async (pattern: RegExp, by: string) => {
      const request = await fresh()
      const input = request.headers['Signature-Input']!
      expect(input).toMatch(pattern)
      request.headers['Signature-Input'] = input.replace(pattern, by)
      return send(request)
    }
    expect(await alter(/nonce="[^"]+"/, `nonce="${'x'.repeat(20)}"`)).toEqual(refused(/does not fit/))
    const later = Math.floor(Date.now() / 1000) + 200
    expect(await alter(/expires=\d+/, `expires=${later}`)).toEqual(refused(/does not fit/))
    expect(await alter(/keyid="[^"]+"/, `keyid="${ed.id}"`)).toEqual(refused(/keyid/))
    expect(await alter(/alg="[^"]+"/, 'alg="ed25519"')).toEqual(refused(/does not fit/))
    expect(await alter(/"@method" /, '')).toEqual(refused(/cover @method/))
  })

  test('one of which method, path, query, host or body was altered', async () => {
    const request = await signed(hmac, withSecret(hmac), { path: '/api/v1/conversations?limit=1' })
    expect(await send({ ...request, url: request.url.replace('limit=1', 'limit=2') })).toEqual(refused(/does not fit/))
    expect(await send({ ...request, url: `${server.url}/api/v1/models` })).toEqual(refused(/does not fit/))
    const sorted = await signed(hmac, withSecret(hmac), { path: '/api/v1/conversations?limit=1&filter=own' })
    const turned = sorted.url.replace('limit=1&filter=own', 'filter=own&limit=1')
    expect(await send({ ...sorted, url: turned })).toEqual(refused(/does not fit/))
    expect(await send({ ...sorted, url: `${sorted.url}&` })).toEqual(refused(/does not fit/))
    expect(await send({ ...sorted, url: sorted.url.replace('own', 'o%77n') })).toEqual(refused(/does not fit/))
    expect((await send(sorted))[0]).toBe(200)
    expect(await send({ ...request, url: request.url.replace('127.0.0.1', 'localhost') })).toEqual(
      refused(/does not fit/),
    )
    expect((await send({ ...request, method: 'POST', body: conversation }))[0]).toBe(401)
    const posted = () => signed(hmac, withSecret(hmac), { path: '/api/v1/conversations', body: conversation })
    const other = JSON.stringify({ title: 'Other!' })
    expect(other).toHaveLength(conversation.length)
    expect(await send({ ...(await posted()), body: other })).toEqual(refused(/body is not the one/))
    // The digest that fits the other body is not the one that was signed.
    const forged = await posted()
    forged.headers['content-digest'] = digestOf(other)
    expect(await send({ ...forged, body: other })).toEqual(refused(/does not fit/))
    const list = await server.owner.json<Page<{ title: string }>>('GET', '/api/v1/conversations?limit=200')
    expect(list.data.map(({ title }) => title)).not.toContain('Other!')
  })

  test('what is sent before it is digested is never parsed', async () => {
    const request = await signed(hmac, withSecret(hmac), { path: '/api/v1/conversations', body: '{"title":"x"}' })
    // Not JSON at all: told is that it was altered, not that it cannot be read.
    expect(await send({ ...request, body: '{"title":"x"]' })).toEqual(refused(/body is not the one/))
  })

  test('one that does not cover, or does not say, what it has to', async () => {
    const sign = (options: Signing) => signed(hmac, withSecret(hmac), options)
    const post = { path: '/api/v1/conversations', body: conversation }
    expect(await send(await sign({ fields: ['@method', '@path'] }))).toEqual(refused(/@target-uri/))
    expect(await send(await sign({ fields: ['@method', '@authority', '@path'] }))).toEqual(refused(/@target-uri/))
    expect(await send(await sign({ fields: ['@method', '@path', '@query'] }))).toEqual(refused(/@target-uri/))
    expect(await send(await sign({ fields: ['@target-uri'] }))).toEqual(refused(/@method/))
    expect(await send(await sign({ fields: [] }))).toEqual(refused(/@method/))
    expect(await send(await sign({ ...post, fields: ['@method', '@target-uri'] }))).toEqual(refused(/Content-Digest/))
    for (const leave of ['created', 'expires']) {
      expect(await send(await sign({ leave }))).toEqual(refused(/created and expires/))
    }
    expect(await send(await sign({ leave: 'nonce' }))).toEqual(refused(/nonce/))
    expect(await send(await sign({ leave: 'keyid' }))).toEqual(refused(/keyid/))
    expect(await send(await sign({ params: { nonce: 'short' } }))).toEqual(refused(/nonce of 16/))
  })

  test('no header makes another method or address of it', async () => {
    const before = await count()
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override', '_method']) {
      const request = await signed(hmac, withSecret(hmac), { path: '/api/v1/conversations' })
      expect((await send({ ...request, headers: { ...request.headers, [name]: 'POST' } }))[0]).toBe(200)
    }
    for (const name of ['x-forwarded-host', 'x-original-url', 'x-rewrite-url', 'x-forwarded-proto', 'forwarded']) {
      const request = await signed(hmac, withSecret(hmac), { path: '/api/v1/nothing' })
      const headers = { ...request.headers, [name]: name === 'forwarded' ? 'host=x;proto=https' : '/api/v1/me' }
      expect([name, (await send({ ...request, headers }))[0]]).toEqual([name, 404])
    }
    expect(await count()).toBe(before)
    async function count() {
      const { data } = await server.owner.json<Page<object>>('GET', '/api/v1/conversations?limit=200')
      return data.length
    }
  })

  test('one from another time', async () => {
    const at = (createdIn: number, goodFor: number) => {
      const created = new Date(Date.now() + createdIn * 1000)
      return signed(hmac, withSecret(hmac), {
        params: { created, expires: new Date(created.getTime() + goodFor * 1000) },
      })
    }
    expect((await send(await at(20, 60)))[0]).toBe(200)
    expect(await send(await at(60, 60))).toEqual(refused(/future/))
    expect(await send(await at(-100, 60))).toEqual(refused(/expired/))
    expect(await send(await at(-200, 3600))).toEqual(refused(/within 300 seconds/))
    expect(await send(await at(0, -10))).toEqual(refused(/within 300 seconds/))
  })

  test('one that is signed with another key, or with the public key as a secret', async () => {
    const other = await makeKey({ algorithm: 'hmac-sha256' })
    const wrongSecret = createSigner(other.signingSecret!, 'hmac-sha256', hmac.id)
    expect(await send(await signed(hmac, wrongSecret))).toEqual(refused(/does not fit/))
    const { privateKey } = generateKeyPairSync('ed25519')
    expect(await send(await signed(ed, createSigner(privateKey, 'ed25519', ed.id)))).toEqual(refused(/does not fit/))
    for (const secret of [publicKey, ed.signing!.publicKey!]) {
      const confused = createSigner(secret, 'hmac-sha256', ed.id)
      expect(await send(await signed(ed, confused))).toEqual(refused(/does not fit/))
      expect(await send(await signed(ed, confused, { leave: 'alg' }))).toEqual(refused(/does not fit/))
    }
    // Another key's good signature does not vouch for this key.
    const stolen = await signed(other, withSecret(other))
    stolen.headers.authorization = `Bearer ${hmac.key}`
    expect(await send(stolen)).toEqual(refused(/keyid/))
  })

  test('a body that a second Content-Length or a chunk hides', async () => {
    const request = await signed(hmac, withSecret(hmac), { method: 'POST', path: '/api/v1/conversations' })
    // Signed as having no body: sent with one, in chunks.
    const { port } = new URL(server.url)
    const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`)
    const socket = connect(Number(port), '127.0.0.1')
    const head = `POST /api/v1/conversations HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${lines.join('\r\n')}`
    socket.write(
      `${head}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    )
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    expect(answer).toContain('401 Unauthorized')
    expect(answer).toContain('signature_invalid')
  })
})

test('an upload is digested as it arrives, and an altered one leaves nothing', async () => {
  const form = new FormData()
  form.append('file', new Blob(['what was signed']), 'note.txt')
  const whole = new Response(form)
  const contentType = whole.headers.get('content-type')!
  const body = await whole.text()
  const upload = async (sent: string) => {
    const request = await signed(hmac, withSecret(hmac), { path: '/api/v1/files', body })
    request.headers['content-type'] = contentType
    return send({ ...request, body: sent })
  }
  const count = async () => {
    const { rows } = await server.platform.database.pool.query('select count(*)::int as n from files')
    return (rows as { n: number }[])[0]!.n
  }
  const before = await count()
  expect((await upload(body))[0]).toBeLessThan(300)
  expect(await count()).toBe(before + 1)
  expect(await upload(body.replace('signed', 'forged'))).toEqual(refused(/body is not the one/))
  expect(await count()).toBe(before + 1)
})

test('rotation gives a new secret to sign with; the old pair stays good for the overlap', async () => {
  const first = await makeKey({ algorithm: 'hmac-sha256' })
  const second = await server.owner.json<CreatedApiKey>('POST', `/api/v1/api-keys/${first.id}/rotate`, {})
  expect(second.signingSecret).toMatch(/^mcps_[0-9A-Za-z]{49}$/)
  expect(second.signingSecret).not.toBe(first.signingSecret)
  expect((await send(await signed(first, withSecret(first))))[0]).toBe(200)
  expect((await send(await signed(second, withSecret(second))))[0]).toBe(200)
  expect(await send(await signed(first, withSecret(second)))).toEqual(refused(/does not fit/))
  const next = generateKeyPairSync('ed25519')
  const rotated = await server.owner.json<CreatedApiKey>('POST', `/api/v1/api-keys/${ed.id}/rotate`, {
    publicKey: next.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  })
  expect((await send(await signed(ed, withPrivateKey())))[0]).toBe(200)
  expect((await send(await signed(rotated, createSigner(next.privateKey, 'ed25519', ed.id))))[0]).toBe(200)
  expect(await send(await signed(rotated, withPrivateKey()))).toEqual(refused(/does not fit/))
})

test('public keys are taken as PEM and as base64, and nothing else is', async () => {
  const raw = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64')
  expect((await makeKey({ algorithm: 'ed25519', publicKey: raw })).signing).toEqual({
    algorithm: 'ed25519',
    publicKey: raw,
  })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const wrong of [
    'x',
    raw.slice(4),
    `${raw}AAAA`,
    rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString().slice(0, 500),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  ]) {
    const response = await server.owner.fetch('/api/v1/api-keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Key', signing: { algorithm: 'ed25519', publicKey: wrong } }),
    })
    expect([wrong.slice(0, 30), response.status]).toEqual([wrong.slice(0, 30), 400])
  }
})

test('no secret is stored or listed in the clear', async () => {
  const list = await server.owner.json<Page<ApiKey>>('GET', '/api/v1/api-keys')
  expect(JSON.stringify(list)).not.toMatch(/mcps?_[0-9A-Za-z]{49}/)
  for (const table of ['apiKeys', 'apiKeyFormerSecrets', 'outboxEvents'] as const) {
    const rows = JSON.stringify(await server.platform.db.selectFrom(table).selectAll().execute())
    expect(rows.length).toBeGreaterThan(2)
    expect(rows).not.toContain(hmac.signingSecret)
  }
})
