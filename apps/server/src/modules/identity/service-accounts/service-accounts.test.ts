import type { ApiKey, CreatedApiKey, Page, Problem, ServiceAccount, SignedIn, User } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../platform/crypto/index.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'

let server: TestServer
const password = 'correct horse battery'

beforeAll(async () => {
  server = await startServer({ env: { PARLEY_SIGNUP: 'open' } })
})
afterAll(() => server.close())

function bearer(token: string): Caller {
  return callerFor(server.url, { authorization: `Bearer ${token}` })
}

async function makePerson(role: 'admin' | 'member'): Promise<Caller & { id: string }> {
  const email = `${role}-${newId()}@example.com`
  const person = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/register', { email, password, name: role })
  const { id } = person.user
  await server.platform.db.updateTable('memberships').set({ role }).where('userId', '=', id).execute()
  return { ...bearer(person.accessToken), id }
}

const makeAccount = (caller: Caller, body: Record<string, unknown> = {}) =>
  caller.json<ServiceAccount>('POST', '/api/v1/service-accounts', { name: 'Nightly report', role: 'member', ...body })
const makeKey = (caller: Caller, serviceAccountId: string, body: Record<string, unknown> = {}) =>
  caller.json<CreatedApiKey>('POST', '/api/v1/api-keys', { name: 'Key', serviceAccountId, ...body })

async function refusal(caller: Caller, method: string, path: string, body?: unknown): Promise<[number, string]> {
  const response = await caller.fetch(path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  return [response.status, ((await response.json()) as Problem).code]
}

describe('a service account', () => {
  test('acts with its keys, owns what it makes, and survives the person who made it', async () => {
    const admin = await makePerson('admin')
    const account = await makeAccount(admin, { description: 'Writes the report.' })
    expect(account).toMatchObject({ role: 'member', createdBy: { id: admin.id }, keyCount: 0, lastUsedAt: null })
    const key = await makeKey(admin, account.id)
    expect(key.serviceAccountId).toBe(account.id)
    const robot = bearer(key.key)
    const me = await robot.json<User>('GET', '/api/v1/me')
    expect(me).toMatchObject({ id: account.id, kind: 'service', name: 'Nightly report', workspace: { role: 'member' } })
    const conversation = await robot.json<{ id: string }>('POST', '/api/v1/conversations', { title: 'By a robot' })
    const sent = await robot.json<{ status: string }>(
      'POST',
      `/api/v1/conversations/${conversation.id}/messages`,
      { content: 'How do I connect a model?' },
      { prefer: 'wait' },
    )
    expect(sent.status).toBe('complete')
    const path = `/api/v1/conversations/${conversation.id}`
    expect(await refusal(admin, 'GET', path)).toEqual([404, 'not_found'])

    await server.platform.db.deleteFrom('users').where('id', '=', admin.id).execute()
    expect(await robot.json('GET', path)).toMatchObject({ title: 'By a robot' })
    const { data } = await server.owner.json<Page<ServiceAccount>>('GET', '/api/v1/service-accounts')
    expect(data.find(({ id }) => id === account.id)).toMatchObject({
      createdBy: null,
      keyCount: 1,
      lastUsedAt: expect.any(String),
    })
    const keys = await server.owner.json<Page<ApiKey>>('GET', `/api/v1/api-keys?serviceAccountId=${account.id}`)
    expect(keys.data.map(({ id }) => id)).toEqual([key.id])
    const mine = await server.owner.json<Page<ApiKey>>('GET', '/api/v1/api-keys')
    expect(mine.data.map(({ id }) => id)).not.toContain(key.id)
  })

  test('cannot sign in, by no address and with no password', async () => {
    const account = await makeAccount(server.owner)
    const { email } = await server.platform.db
      .selectFrom('users')
      .select('email')
      .where('id', '=', account.id)
      .executeTakeFirstOrThrow()
    expect(email).toMatch(/\.invalid$/)
    const { passwordHash } = await server.platform.db
      .selectFrom('users')
      .select('passwordHash')
      .where('email', '=', 'owner@example.com')
      .executeTakeFirstOrThrow()
    const logIn = () => refusal(server.anyone, 'POST', '/api/v1/auth/login', { email, password: server.owner.password })
    expect(await logIn()).toEqual([401, 'invalid_credentials'])
    // Not even when it is given one behind our back.
    await server.platform.db.updateTable('users').set({ passwordHash }).where('id', '=', account.id).execute()
    expect(await logIn()).toEqual([401, 'invalid_credentials'])
  })

  test('does what its role allows, changed at once for all its keys', async () => {
    const account = await makeAccount(server.owner, { role: 'admin' })
    const key = await makeKey(server.owner, account.id, {
      scopes: ['account:read', 'models:manage', 'conversations:write'],
    })
    const scopes = async () => (await bearer(key.key).json<User>('GET', '/api/v1/me')).scopes
    expect(await scopes()).toEqual(['conversations:write', 'models:manage', 'account:read'])
    await server.owner.json('PATCH', `/api/v1/service-accounts/${account.id}`, { role: 'viewer', name: 'Reader' })
    expect(await scopes()).toEqual(['account:read'])
    const { data } = await server.owner.json<Page<ServiceAccount>>('GET', '/api/v1/service-accounts')
    expect(data.find(({ id }) => id === account.id)).toMatchObject({ name: 'Reader', role: 'viewer' })
  })

  test('can have a custom role, and cannot be an owner in any way', async () => {
    const role = await server.owner.json<{ id: string }>('POST', '/api/v1/roles', {
      name: 'Reports',
      scopes: ['conversations:read', 'conversations:write', 'usage:read'],
    })
    const account = await makeAccount(server.owner, { role: role.id })
    expect(account).toMatchObject({ customRole: { id: role.id, name: 'Reports' } })
    expect(account.scopes).toEqual(['conversations:read', 'conversations:write', 'account:read', 'usage:read'])
    const key = await makeKey(server.owner, account.id, { scopes: ['usage:read', 'models:manage'] })
    expect(key.scopes).toEqual(['usage:read'])
    const path = `/api/v1/service-accounts/${account.id}`
    expect(await server.owner.json('PATCH', path, { role: 'member' })).toMatchObject({
      role: 'member',
      customRole: null,
    })
    expect(await refusal(server.owner, 'PATCH', path, { role: 'owner' })).toEqual([403, 'forbidden'])
    expect(await refusal(server.owner, 'PATCH', path, { role: newId() })).toEqual([404, 'not_found'])
    const made = { name: 'Robot', role: 'owner' }
    expect(await refusal(server.owner, 'POST', '/api/v1/service-accounts', made)).toEqual([403, 'forbidden'])
    const member = `/api/v1/roles/owner/members/${account.id}`
    expect(await refusal(server.owner, 'PUT', member)).toEqual([403, 'forbidden'])
  })

  test('is gone with its keys when it is deleted', async () => {
    const account = await makeAccount(server.owner)
    const key = await makeKey(server.owner, account.id)
    const robot = bearer(key.key)
    const { id } = await robot.json<{ id: string }>('POST', '/api/v1/conversations', {})
    await server.owner.json('DELETE', `/api/v1/service-accounts/${account.id}`)
    expect((await robot.fetch('/api/v1/me')).status).toBe(401)
    const left = server.platform.db.selectFrom('conversations').select('id').where('id', '=', id)
    expect(await left.execute()).toEqual([])
    expect(await refusal(server.owner, 'DELETE', `/api/v1/service-accounts/${account.id}`)).toEqual([404, 'not_found'])
  })

  test('lists in pages, newest first', async () => {
    const made = [await makeAccount(server.owner), await makeAccount(server.owner), await makeAccount(server.owner)]
    const page = (cursor = '') =>
      server.owner.json<Page<ServiceAccount>>('GET', `/api/v1/service-accounts?limit=2${cursor}`)
    const first = await page()
    const second = await page(`&cursor=${first.nextCursor}`)
    expect([...first.data, ...second.data].slice(0, 3).map(({ id }) => id)).toEqual(made.reverse().map(({ id }) => id))
  })
})

describe('who manages them', () => {
  test('are owners and admins of the same workspace; a person is no service account', async () => {
    const member = await makePerson('member')
    const account = await makeAccount(server.owner)
    const key = await makeKey(server.owner, account.id)
    const path = `/api/v1/service-accounts/${account.id}`
    for (const [method, at, body] of [
      ['GET', '/api/v1/service-accounts', undefined],
      ['POST', '/api/v1/service-accounts', { name: 'Mine', role: 'viewer' }],
      ['PATCH', path, { name: 'Mine' }],
      ['DELETE', path, undefined],
      ['GET', `/api/v1/api-keys?serviceAccountId=${account.id}`, undefined],
      ['POST', '/api/v1/api-keys', { name: 'Mine', serviceAccountId: account.id }],
    ] as const) {
      expect([method, at, await refusal(member, method, at, body)]).toEqual([method, at, [403, 'forbidden']])
    }
    for (const [method, at] of [
      ['DELETE', `/api/v1/api-keys/${key.id}`],
      ['POST', `/api/v1/api-keys/${key.id}/rotate`],
    ] as const) {
      expect(await refusal(member, method, at, method === 'POST' ? {} : undefined)).toEqual([404, 'not_found'])
    }
    // Nobody gets at a person this way, nor at their keys.
    expect(await refusal(server.owner, 'PATCH', `/api/v1/service-accounts/${member.id}`, { name: 'X' })).toEqual([
      404,
      'not_found',
    ])
    expect(await refusal(server.owner, 'GET', `/api/v1/api-keys?serviceAccountId=${member.id}`)).toEqual([
      404,
      'not_found',
    ])
    expect(await refusal(server.owner, 'POST', '/api/v1/api-keys', { name: 'X', serviceAccountId: member.id })).toEqual(
      [404, 'not_found'],
    )
  })

  test('those of another workspace are not found', async () => {
    const account = await makeAccount(server.owner)
    const key = await makeKey(server.owner, account.id)
    const workspaceId = newId()
    const { db } = server.platform
    const admin = await makePerson('admin')
    await db.insertInto('workspaces').values({ id: workspaceId, name: 'Other', createdAt: new Date() }).execute()
    await db
      .insertInto('memberships')
      .values({ workspaceId, userId: admin.id, role: 'owner', createdAt: new Date() })
      .execute()
    const there = callerFor(server.url, { ...admin.headers, 'parley-workspace': workspaceId })
    expect(await there.json('GET', '/api/v1/service-accounts')).toMatchObject({ data: [] })
    const path = `/api/v1/service-accounts/${account.id}`
    for (const [method, at, body] of [
      ['PATCH', path, { name: 'X' }],
      ['DELETE', path, undefined],
      ['GET', `/api/v1/api-keys?serviceAccountId=${account.id}`, undefined],
      ['POST', '/api/v1/api-keys', { name: 'X', serviceAccountId: account.id }],
      ['DELETE', `/api/v1/api-keys/${key.id}`, undefined],
      ['PATCH', `/api/v1/api-keys/${key.id}`, { name: 'X' }],
    ] as const) {
      const missing = at.replaceAll(account.id, newId()).replaceAll(key.id, newId())
      const [refused, absent] = [await refusal(there, method, at, body), await refusal(there, method, missing, body)]
      expect([method, at, refused]).toEqual([method, at, [404, 'not_found']])
      expect(refused).toEqual(absent)
    }
  })

  test('a key that manages people gives no more than it has', async () => {
    const { key } = await server.owner.json<CreatedApiKey>('POST', '/api/v1/api-keys', {
      name: 'People',
      scopes: ['people:manage', 'keys:manage', 'account:read'],
    })
    const narrow = bearer(key)
    for (const role of ['admin', 'member', 'viewer']) {
      const made = { name: 'Helper', role }
      expect(await refusal(narrow, 'POST', '/api/v1/service-accounts', made)).toEqual([403, 'forbidden'])
    }
    const account = await makeAccount(server.owner, { role: 'admin' })
    const wide = await makeKey(server.owner, account.id)
    expect(await refusal(narrow, 'POST', `/api/v1/api-keys/${wide.id}/rotate`, {})).toEqual([403, 'forbidden'])
    expect((await makeKey(narrow, account.id, { scopes: ['account:read', 'models:manage'] })).scopes).toEqual([
      'account:read',
    ])
    const roleUp = await refusal(narrow, 'PATCH', `/api/v1/service-accounts/${account.id}`, { role: 'admin' })
    expect(roleUp).toEqual([403, 'forbidden'])
  })
})
