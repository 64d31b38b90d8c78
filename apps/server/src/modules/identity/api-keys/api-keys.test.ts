import type { ApiKey, CreatedApiKey, Page, Problem, SignedIn } from '@parley/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../platform/context.ts'
import { makeApiKey } from '../../../platform/crypto/index.ts'
import { eventually } from '../../../testing/eventually.ts'
import { outboxMails } from '../../../testing/outbox-mails.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'

let server: TestServer
let member: Caller

beforeAll(async () => {
  server = await startServer({ env: { PARLEY_SIGNUP: 'open' } })
  const person = { email: 'member@example.com', password: 'correct horse battery', name: 'Mel Member' }
  const { accessToken } = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/register', person)
  member = bearer(accessToken)
})
afterAll(() => server.close())
afterEach(() => {
  server.platform.clock = systemClock
})

function bearer(token: string): Caller {
  return callerFor(server.url, { authorization: `Bearer ${token}` })
}

function makeKey(caller: Caller, body: Record<string, unknown> = {}): Promise<CreatedApiKey> {
  return caller.json('POST', '/api/v1/api-keys', { name: 'Key', ...body })
}

/** Status and code of a refusal. */
async function refusal(caller: Caller, method: string, path: string, body?: unknown): Promise<[number, string]> {
  const response = await caller.fetch(path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const problem = response.status === 204 ? undefined : ((await response.json()) as Problem)
  return [response.status, problem?.code ?? '']
}

async function works({ key }: { key: string }): Promise<boolean> {
  const { status } = await bearer(key).fetch('/api/v1/me')
  expect([200, 401]).toContain(status)
  return status === 200
}

async function find(caller: Caller, id: string): Promise<ApiKey | undefined> {
  const { data } = await caller.json<Page<ApiKey>>('GET', '/api/v1/api-keys?limit=200')
  return data.find((key) => key.id === id)
}

function later(ms: number): void {
  server.platform.clock = { now: () => new Date(Date.now() + ms) }
}

describe('rotation', () => {
  test('of a key that may administer asks for a recent proof, and changes nothing without one', async () => {
    const admin = await makeKey(server.owner, { scopes: ['account:read', 'people:manage'] })
    const plain = await makeKey(server.owner, { scopes: ['account:read'] })
    const rotate = (id: string) => refusal(server.owner, 'POST', `/api/v1/api-keys/${id}/rotate`, { overlapSeconds: 0 })
    const proven = (provenAt: Date | null) => server.platform.db.updateTable('sessions').set({ provenAt }).execute()
    await proven(null)
    try {
      expect(await rotate(admin.id)).toEqual([403, 'proof_required'])
      expect(await works(admin)).toBe(true)
      expect(await rotate(plain.id)).toEqual([200, ''])
    } finally {
      await proven(new Date())
    }
    expect(await rotate(admin.id)).toEqual([200, ''])
    expect(await works(admin)).toBe(false)
  })

  test('gives a new secret at once; the old one is good for the overlap, and both are listed', async () => {
    const first = await makeKey(member)
    const second = await member.json<CreatedApiKey>('POST', `/api/v1/api-keys/${first.id}/rotate`, {
      overlapSeconds: 600,
    })
    expect(second).toMatchObject({ id: first.id, name: first.name, scopes: first.scopes })
    expect(second.key).not.toBe(first.key)
    expect([await works(first), await works(second)]).toEqual([true, true])
    const listed = await find(member, first.id)
    expect(listed).toMatchObject({ prefix: second.key.slice(0, 12), rotatedAt: expect.any(String) })
    expect(listed?.formerSecrets).toMatchObject([{ prefix: first.key.slice(0, 12), lastUsedAt: expect.any(String) }])
    later(601_000)
    expect([await works(first), await works(second)]).toEqual([false, true])
    expect((await find(member, first.id))?.formerSecrets).toEqual([])
  })

  test('again within the overlap leaves three that work; without overlap all old ones end at once', async () => {
    const first = await makeKey(member)
    const rotate = (overlapSeconds: number) =>
      member.json<CreatedApiKey>('POST', `/api/v1/api-keys/${first.id}/rotate`, { overlapSeconds })
    const second = await rotate(600)
    const third = await rotate(600)
    expect(await Promise.all([first, second, third].map(works))).toEqual([true, true, true])
    const last = await rotate(0)
    expect(await Promise.all([first, second, third, last].map(works))).toEqual([false, false, false, true])
  })

  test('an old secret does not outlive its key', async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString()
    const first = await makeKey(member, { expiresAt })
    const second = await member.json<CreatedApiKey>('POST', `/api/v1/api-keys/${first.id}/rotate`, {})
    expect(second.expiresAt).toBe(expiresAt)
    later(61_000)
    expect([await works(first), await works(second)]).toEqual([false, false])
  })

  test('a repeated request gets the same secret, and revoking ends all of them', async () => {
    const first = await makeKey(member)
    const again = () =>
      member.json<CreatedApiKey>('POST', `/api/v1/api-keys/${first.id}/rotate`, {}, { 'idempotency-key': first.id })
    const second = await again()
    expect(await again()).toEqual(second)
    await member.json('DELETE', `/api/v1/api-keys/${first.id}`)
    expect([await works(first), await works(second)]).toEqual([false, false])
    expect(await refusal(member, 'POST', `/api/v1/api-keys/${first.id}/rotate`, {})).toEqual([404, 'not_found'])
  })

  test('by somebody else is not found', async () => {
    const key = await makeKey(member)
    const path = `/api/v1/api-keys/${key.id}`
    expect(await refusal(server.owner, 'POST', `${path}/rotate`, {})).toEqual([404, 'not_found'])
    expect(await refusal(server.owner, 'PATCH', path, { name: 'Mine' })).toEqual([404, 'not_found'])
    expect(await works(key)).toBe(true)
  })
})

describe('a key makes no wider one', () => {
  const limits = {
    scopes: ['keys:manage', 'account:read', 'models:read'],
    resources: { models: ['openai/gpt-5', 'openai/gpt-5-mini'], mcpServers: ['docs'] },
    allowedAddresses: ['127.0.0.0/8', '::1'],
    expiresAt: '2099-01-01T00:00:00.000Z',
  }

  test('by making: what is left out is taken over, what is asked for is narrowed or refused', async () => {
    const parent = bearer((await makeKey(member, limits)).key)
    const child = await makeKey(parent)
    expect(child).toMatchObject({
      resources: limits.resources,
      allowedAddresses: limits.allowedAddresses,
      expiresAt: limits.expiresAt,
      scopes: ['models:read', 'account:read'],
    })
    const narrow = await makeKey(parent, {
      resources: { models: ['openai/gpt-5', 'other/model'], mcpServers: ['docs/search'] },
      allowedAddresses: ['127.0.0.1'],
    })
    expect(narrow.resources).toEqual({ models: ['openai/gpt-5'], mcpServers: ['docs/search'] })
    for (const wider of [
      { resources: { models: ['other/model'] } },
      { allowedAddresses: [] },
      { allowedAddresses: ['127.0.0.0/7'] },
      { allowedAddresses: ['127.0.0.1', '10.0.0.1'] },
    ]) {
      expect(await refusal(parent, 'POST', '/api/v1/api-keys', { name: 'Key', ...wider })).toEqual([403, 'forbidden'])
    }
  })

  test('by changing or rotating another or itself', async () => {
    const wide = await makeKey(member)
    const own = await makeKey(member, limits)
    const parent = bearer(own.key)
    const rotate = `/api/v1/api-keys/${wide.id}/rotate`
    expect(await refusal(parent, 'POST', rotate, {})).toEqual([403, 'forbidden'])
    for (const change of [
      { resources: {} },
      { resources: { models: ['openai/gpt-5'] } },
      { allowedAddresses: [] },
      { expiresAt: null },
      { scopes: ['conversations:read'] },
    ]) {
      expect(await refusal(parent, 'PATCH', `/api/v1/api-keys/${own.id}`, change)).toEqual([403, 'forbidden'])
    }
    expect(await find(member, own.id)).toMatchObject({ resources: limits.resources, expiresAt: limits.expiresAt })
    const rotated = await parent.json<CreatedApiKey>('POST', `/api/v1/api-keys/${own.id}/rotate`, {})
    expect(await works(rotated)).toBe(true)
  })

  test('by repeating the request that made or rotated a wider one', async () => {
    const narrow = bearer((await makeKey(member, { scopes: ['keys:manage'] })).key)
    const headers = { 'idempotency-key': 'made-before' }
    const wide = await member.json<CreatedApiKey>('POST', '/api/v1/api-keys', { name: 'Wide' }, headers)
    expect(await member.json('POST', '/api/v1/api-keys', { name: 'Wide' }, headers)).toEqual(wide)
    const response = await narrow.fetch('/api/v1/api-keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ name: 'Wide' }),
    })
    expect([response.status, await response.text()]).toEqual([409, expect.not.stringContaining(wide.key)])
  })

  test('nor one that need not sign', async () => {
    const { id } = await makeKey(member, { scopes: ['keys:manage'], signing: { algorithm: 'hmac-sha256' } })
    // Taken as signed: what is tested is what it may make.
    await server.platform.db.updateTable('apiKeys').set({ signing: null }).where('id', '=', id).execute()
    const unsigned = await member.json<CreatedApiKey>('POST', `/api/v1/api-keys/${id}/rotate`, {})
    await bearer(unsigned.key).fetch('/api/v1/me')
    await server.platform.db
      .updateTable('apiKeys')
      .set({ signing: JSON.stringify({ algorithm: 'hmac-sha256', sealedSecret: '' }) })
      .where('id', '=', id)
      .execute()
    const refused = await refusal(bearer(unsigned.key), 'POST', '/api/v1/api-keys', { name: 'Key' })
    expect(refused).toEqual([403, 'forbidden'])
  })
})

describe('changes', () => {
  test('hold from the next request on', async () => {
    const key = await makeKey(member, { scopes: ['account:read', 'models:read'] })
    const caller = bearer(key.key)
    expect((await caller.fetch('/api/v1/models')).status).toBe(200)
    const changed = await member.json<ApiKey>('PATCH', `/api/v1/api-keys/${key.id}`, {
      name: 'Renamed',
      scopes: ['account:read', 'models:manage'],
      expiresAt: '2099-01-01T00:00:00.000Z',
    })
    expect(changed).toMatchObject({ name: 'Renamed', scopes: ['account:read'], expiresAt: '2099-01-01T00:00:00.000Z' })
    expect((await caller.fetch('/api/v1/models')).status).toBe(403)
    expect((await caller.fetch('/api/v1/me')).status).toBe(200)
    await member.json('PATCH', `/api/v1/api-keys/${key.id}`, { allowedAddresses: ['192.0.2.1'] })
    expect(await refusal(caller, 'GET', '/api/v1/me')).toEqual([403, 'address_not_allowed'])
  })

  test('that make no sense change nothing', async () => {
    const key = await makeKey(member)
    const before = await find(member, key.id)
    for (const change of [
      { allowedAddresses: ['example.com'] },
      { allowedAddresses: ['10.0.0.0/33'] },
      { expiresAt: '2020-01-01T00:00:00.000Z' },
      { resources: { models: [] } },
      { resources: { databases: ['x'] } },
    ]) {
      expect(await refusal(member, 'PATCH', `/api/v1/api-keys/${key.id}`, change)).toEqual([400, 'invalid_request'])
    }
    expect(await refusal(member, 'PATCH', `/api/v1/api-keys/${key.id}`, { scopes: ['models:manage'] })).toEqual([
      403,
      'forbidden',
    ])
    expect(await find(member, key.id)).toEqual(before)
  })
})

describe('a leaked key', () => {
  const report = (keys: string[]) =>
    server.anyone.json<{ revoked: number }>('POST', '/api/v1/leaked-keys', { keys, source: 'https://example.com/gist' })

  test('is revoked by whoever holds it, and its owner is told in the list', async () => {
    const [leaked, other] = [await makeKey(member), await makeKey(member)]
    expect(await works(leaked)).toBe(true)
    const unknown = makeApiKey().key
    expect(await report([leaked.key, unknown, 'not a key', leaked.key])).toEqual({ revoked: 1 })
    expect([await works(leaked), await works(other)]).toEqual([false, true])
    expect((await find(member, leaked.id))?.leakedAt).toEqual(expect.any(String))
    const mail = await eventually(async () => {
      const [first] = await outboxMails(server.platform.config.dataDir)
      if (first === undefined) throw new Error('no mail yet')
      return first
    })
    expect(mail).toContain('To: member@example.com')
    expect(mail).toContain(leaked.prefix)
    expect(mail).not.toContain(leaked.key)
    expect(await report([leaked.key, unknown])).toEqual({ revoked: 0 })
    later(31 * 24 * 3600_000)
    const { accessToken } = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/login', {
      email: 'member@example.com',
      password: 'correct horse battery',
    })
    expect(await find(bearer(accessToken), leaked.id)).toBeUndefined()
  })

  test('of which a former secret leaked lives on with its present one', async () => {
    const first = await makeKey(member)
    const second = await member.json<CreatedApiKey>('POST', `/api/v1/api-keys/${first.id}/rotate`, {})
    expect([await works(first), await works(second)]).toEqual([true, true])
    expect(await report([first.key])).toEqual({ revoked: 1 })
    expect([await works(first), await works(second)]).toEqual([false, true])
  })
})
