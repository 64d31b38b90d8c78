import { createHash, generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CreatedApiKey } from '@parley/contract'
import { createVerifier, httpbis } from 'http-message-signatures'
import { afterEach, expect, test } from 'vitest'
import { startServer } from '../../../apps/server/src/testing/start-server.ts'
import { createParley, createSigner, type PrivateJwk, type SignerOptions } from './index.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const keyId = '01890000-0000-7000-8000-000000000001'
const pair = generateKeyPairSync('ed25519')
const secret = 'mcps_test'
const requiredParams = ['created', 'expires', 'nonce', 'keyid']

/** A server that judges signatures by an independent implementation, and answers what it thinks of each request. */
async function judge(): Promise<{ url: string; seen: { valid: boolean | null; nonce: string; input: string }[] }> {
  const seen: { valid: boolean | null; nonce: string; input: string }[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const { method = '', url = '', headers } = request
    const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
    const digested = body.length === 0 || headers['content-digest'] === digest
    let nonce = ''
    const valid = await httpbis.verifyMessage(
      {
        requiredFields: ['@method', '@authority', '@path', '@query', ...(body.length > 0 ? ['content-digest'] : [])],
        requiredParams,
        async keyLookup(parameters) {
          if (parameters.keyid !== keyId) return null
          nonce = String(parameters.nonce)
          return parameters.alg === 'ed25519'
            ? { id: keyId, algs: ['ed25519'], verify: createVerifier(pair.publicKey, 'ed25519') }
            : { id: keyId, algs: ['hmac-sha256'], verify: createVerifier(secret, 'hmac-sha256') }
        },
      },
      { method, url: `http://${headers.host}${url}`, headers: headers as Record<string, string> },
    )
    seen.push({ valid: valid && digested, nonce, input: String(headers['signature-input']) })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ data: [], nextCursor: null }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const keys: [string, SignerOptions][] = [
  ['hmac-sha256', { keyId, secret }],
  ['ed25519 in PEM', { keyId, privateKey: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() }],
  ['ed25519 as JWK', { keyId, privateKey: pair.privateKey.export({ format: 'jwk' }) as PrivateJwk }],
]

test.each(keys)('every request is signed: %s', async (_name, options) => {
  const { url, seen } = await judge()
  const parley = createParley({ baseUrl: url, apiKey: 'mcp_test', signer: createSigner(options) })
  await parley.conversations.list()
  await parley.conversations.list({ limit: 2, search: 'ünïcode & more' })
  await parley.conversations.create({ title: 'Grüße' })
  await parley.files.upload(new Blob(['some text']), { name: 'some.txt' })
  expect(seen.map(({ valid }) => valid)).toEqual([true, true, true, true])
  expect(new Set(seen.map(({ nonce }) => nonce)).size).toBe(4)
  expect(seen[2]?.input).toContain('"idempotency-key"')
  expect(seen[3]?.input).toContain('"content-type"')
})

test('another key does not verify', async () => {
  const { url, seen } = await judge()
  const other = createSigner({ keyId, secret: 'mcps_other' })
  await createParley({ baseUrl: url, apiKey: 'mcp_test', signer: other }).conversations.list()
  expect(seen.map(({ valid }) => valid)).toEqual([false])
})

test('a server of Parley takes them: requests, uploads, replies and the socket', async () => {
  const server = await startServer()
  try {
    const publicKey = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()
    for (const signing of [{ algorithm: 'hmac-sha256' }, { algorithm: 'ed25519', publicKey }]) {
      const body = { name: 'Signing', signing }
      const made = await server.owner.json<CreatedApiKey>('POST', '/api/v1/api-keys', body)
      const signer =
        made.signingSecret === null
          ? createSigner({ keyId: made.id, privateKey: pair.privateKey.export({ format: 'jwk' }) as PrivateJwk })
          : createSigner({ keyId: made.id, secret: made.signingSecret })
      const unsigned = createParley({ baseUrl: server.url, apiKey: made.key })
      await expect(unsigned.me.get()).rejects.toMatchObject({ code: 'signature_invalid', status: 401 })
      const parley = createParley({ baseUrl: server.url, apiKey: made.key, signer })

      const left = new AbortController()
      const changes = parley.changes(left.signal)
      expect((await changes.next()).value).toEqual({ type: 'connected' })
      const { id } = await parley.conversations.create({ title: 'Grüße & more' })
      expect((await changes.next()).value).toMatchObject({ conversationId: id })
      left.abort()

      const { run } = await parley.messages.send(id, { content: 'How do I connect a model?' })
      const types: string[] = []
      for await (const { event } of parley.runs.follow(run.id)) types.push(event.type)
      expect(types.at(-1)).toBe('RUN_FINISHED')
      const file = await parley.files.upload(new Blob(['some text']), { name: 'some.txt' })
      expect(await (await parley.files.download(file.id)).text()).toBe('some text')
      expect((await parley.conversations.list({ search: 'Grüße & more' })).data.map((each) => each.id)).toContain(id)
    }
  } finally {
    await server.close()
  }
})
