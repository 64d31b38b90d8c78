import type { LimitOverride, LimitState, MyLimits, Plan, Problem } from '@parley/contract'
import { parseList } from 'structured-headers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startLine } from '../../../testing/redis-line.ts'
import { describeWithPostgres, hasRedis, testOnPostgres, testRedisUrl } from '../../../testing/services.ts'
import {
  type Caller,
  callerFor,
  makeHome,
  registerOwner,
  type SpawnedServer,
  spawnServer,
  startServer,
  type TestServer,
} from '../../../testing/start-server.ts'

let server: TestServer
let owner: TestServer['owner']
let people = 0

const pace = {
  PARLEY_REQUESTS_PER_MINUTE: '6000',
  PARLEY_EXPENSIVE_REQUESTS_PER_MINUTE: '600',
  PARLEY_ADDRESS_REQUESTS_PER_MINUTE: '12000',
}

beforeAll(async () => {
  server = await startServer({ env: { PARLEY_SIGNUP: 'open', ...pace } })
  owner = server.owner
})
afterAll(() => server.close())

interface Person extends Caller {
  id: string
}

/** A member of the workspace; by default with a limit of their own. */
async function makePerson(limit?: { requestsPerHour: number; requestBurst?: number }): Promise<Person> {
  people += 1
  const body = { email: `person${people}@example.com`, password: 'a long test password', name: `Person ${people}` }
  const { accessToken, user } = await server.anyone.json<{ accessToken: string; user: { id: string } }>(
    'POST',
    '/api/v1/auth/register',
    body,
  )
  if (limit) await setLimit({ subject: { kind: 'user', id: user.id }, ...limit })
  return { ...callerFor(server.url, { authorization: `Bearer ${accessToken}` }), id: user.id }
}

function setLimit(body: object): Promise<LimitOverride> {
  return owner.json('PUT', '/api/v1/limit-overrides', body)
}

async function makeConversations(caller: Caller, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < count; i += 25) {
    const some = Array.from({ length: Math.min(25, count - i) }, () =>
      caller.json<{ id: string }>('POST', '/api/v1/conversations', {}),
    )
    for (const { id } of await Promise.all(some)) ids.push(id)
  }
  return ids
}

async function sendTo(caller: Caller, conversationId: string, more: object = {}): Promise<Response> {
  return caller.fetch(`/api/v1/conversations/${conversationId}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ content: 'How do I connect a model?', ...more }),
  })
}

/** Sends to a conversation that is new. */
async function send(caller: Caller, more: object = {}): Promise<Response> {
  return sendTo(caller, (await makeConversations(caller, 1))[0]!, more)
}

async function statusOf(response: Promise<Response>): Promise<number> {
  return (await response).status
}

/** `RateLimit` or `RateLimit-Policy` by name of the limit. */
function told(response: Response, header: string): Record<string, Record<string, unknown>> {
  const items = parseList(response.headers.get(header) ?? '')
  return Object.fromEntries(items.map(([name, params]) => [String(name), Object.fromEntries(params)]))
}

const limitsOf = (caller: Caller) => caller.json<MyLimits>('GET', '/api/v1/limits')
const messagesOf = async (caller: Caller): Promise<LimitState> => {
  const { requests } = await limitsOf(caller)
  return requests.find(({ name }) => name === 'messages')!
}

describe('a limit that is reached', () => {
  test('answers 429 that says which limit, how much is left and when it resets, in headers and body', async () => {
    const person = await makePerson({ requestsPerHour: 2 })
    const first = await send(person)
    expect(first.status).toBe(202)
    expect(told(first, 'ratelimit-policy')).toMatchObject({
      messages: { q: 2, w: 3600 },
      person: { q: 6000, w: 60 },
      expensive: { q: 600, w: 60 },
      address: { q: 12_000, w: 60 },
    })
    expect(told(first, 'ratelimit')).toMatchObject({ messages: { r: 1, t: 1800 } })
    await send(person)

    const refused = await send(person)
    const problem = (await refused.json()) as Problem
    expect(refused.status).toBe(429)
    expect(refused.headers.get('content-type')).toContain('application/problem+json')
    expect(problem).toMatchObject({
      code: 'rate_limited',
      limit: { name: 'messages', about: 'your messages', limit: 2, windowSeconds: 3600, remaining: 0 },
    })
    expect(problem.detail).toContain('2 an hour for your messages. The next one is possible in 30 minutes.')
    const wait = problem.limit!.retryAfterSeconds
    expect(wait).toBeGreaterThan(1750)
    expect(wait).toBeLessThanOrEqual(1800)
    expect(Date.parse(problem.limit!.resetsAt) - Date.now()).toBeGreaterThan(3_500_000)
    expect(Number(refused.headers.get('retry-after'))).toBe(wait)
    expect(told(refused, 'ratelimit')).toEqual({ messages: { r: 0, t: wait } })
    expect(told(refused, 'ratelimit-policy')).toEqual({ messages: { q: 2, w: 3600 } })
  })

  test('is one of messages: reading, one’s own lists and new conversations go on, and tell the pace', async () => {
    const person = await makePerson({ requestsPerHour: 1 })
    const [id] = await makeConversations(person, 1)
    expect(await statusOf(sendTo(person, id!))).toBe(202)
    expect(await statusOf(sendTo(person, id!))).toBe(429)
    for (const path of ['conversations', 'me', 'models', `conversations/${id}/messages`, 'limits']) {
      const response = await person.fetch(`/api/v1/${path}`)
      expect(response.status).toBe(200)
      expect(Object.keys(told(response, 'ratelimit'))).toEqual(['address', 'person'])
    }
    expect(await statusOf(person.fetch('/healthz'))).toBe(200)
  })

  test('counts only messages that come to something', async () => {
    const person = await makePerson({ requestsPerHour: 2 })
    const nobody = '019a0000-0000-7000-8000-000000000000'
    for (let i = 0; i < 4; i++) expect(await statusOf(sendTo(person, nobody))).toBe(404)
    expect(await statusOf(send(person, { content: '' }))).toBe(400)
    expect(await statusOf(send(person, { model: 'nobody/nothing' }))).toBe(422)
    await expect.poll(async () => (await messagesOf(person)).remaining).toBe(2)
    expect(await statusOf(send(person))).toBe(202)
    expect(await messagesOf(person)).toMatchObject({ remaining: 1, retryAfterSeconds: 0 })
  })

  test('500 messages at once: exactly as many as the limit are taken', async () => {
    const person = await makePerson({ requestsPerHour: 40 })
    const conversations = await makeConversations(person, 500)
    const statuses = await Promise.all(conversations.map((id) => statusOf(sendTo(person, id))))
    expect(Map.groupBy(statuses, (status) => status).get(202)).toHaveLength(40)
    expect(Map.groupBy(statuses, (status) => status).get(429)).toHaveLength(460)
  })
})

describe('every level', () => {
  test('a key has its own limit beside its maker’s, and its own pace', async () => {
    const person = await makePerson({ requestsPerHour: 5 })
    const made = await person.json<{ id: string; key: string }>('POST', '/api/v1/api-keys', { name: 'Robot' })
    const key = callerFor(server.url, { authorization: `Bearer ${made.key}` })
    await setLimit({ subject: { kind: 'key', id: made.id }, requestsPerHour: 1 })
    const first = await send(key)
    expect(told(first, 'ratelimit')).toMatchObject({ messages: { r: 4 }, 'messages-key': { r: 0 }, key: {} })
    const refused = (await (await send(key)).json()) as Problem
    expect(refused.limit?.name).toBe('messages-key')
    expect(await messagesOf(person)).toMatchObject({ remaining: 4 })
    expect(await statusOf(send(person))).toBe(202)
  })

  test('all of the workspace together', async () => {
    const [one, two] = [await makePerson(), await makePerson()]
    const { workspace } = owner.signedIn.user
    const cap = { subject: { kind: 'workspace', id: workspace.id }, counted: 'together', requestsPerHour: 2 }
    const { id } = await setLimit(cap)
    expect([await statusOf(send(one)), await statusOf(send(two))]).toEqual([202, 202])
    const refused = (await (await send(two)).json()) as Problem
    expect(refused.limit).toMatchObject({ name: 'messages-workspace', about: 'all messages of the workspace' })
    expect(await messagesOf(two)).toMatchObject({ remaining: 999 })
    await owner.json('DELETE', `/api/v1/limit-overrides/${id}`)
    expect(await statusOf(send(two))).toBe(202)
  })

  test('a group: each member, all together, and as soon as somebody joins or leaves', async () => {
    const [one, two] = [await makePerson(), await makePerson()]
    const group = await owner.json<{ id: string }>('POST', '/api/v1/groups', { name: 'Interns' })
    const subject = { kind: 'group', id: group.id }
    const each = await setLimit({ subject, requestsPerHour: 5 })
    const all = await setLimit({ subject, counted: 'together', requestsPerHour: 2 })
    expect(each.subject.name).toBe('Interns')
    expect(await messagesOf(one)).toMatchObject({ limit: 1000 })
    for (const { id } of [one, two]) await owner.json('PUT', `/api/v1/groups/${group.id}/members/${id}`)
    expect(await messagesOf(one)).toMatchObject({ limit: 5 })
    expect([await statusOf(send(one)), await statusOf(send(two))]).toEqual([202, 202])
    expect(((await (await send(two)).json()) as Problem).limit?.name).toBe('messages-group')
    await owner.json('DELETE', `/api/v1/groups/${group.id}/members/${two.id}`)
    expect(await messagesOf(two)).toMatchObject({ limit: 1000 })
    expect(await statusOf(send(two))).toBe(202)
    for (const { id } of [each, all]) await owner.json('DELETE', `/api/v1/limit-overrides/${id}`)
  })

  test('a model, for each person and for all together', async () => {
    const [one, two] = [await makePerson(), await makePerson()]
    const { data } = await owner.json<{ data: { id: string }[] }>('GET', '/api/v1/models')
    const model = data[0]!.id
    const each = await setLimit({ subject: { kind: 'model', id: model }, requestsPerHour: 1 })
    expect(await statusOf(send(one))).toBe(202)
    const refused = (await (await send(one, { model })).json()) as Problem
    expect(refused).toMatchObject({ code: 'rate_limited', limit: { name: 'messages-model' } })
    expect(refused.limit?.about).toContain(model)
    await expect.poll(async () => (await messagesOf(one)).remaining).toBe(999)
    const all = await setLimit({ subject: { kind: 'model', id: model }, counted: 'together', requestsPerHour: 1 })
    expect(await statusOf(send(two))).toBe(202)
    expect(((await (await send(await makePerson())).json()) as Problem).limit?.name).toBe('messages-model-workspace')
    for (const { id } of [each, all]) await owner.json('DELETE', `/api/v1/limit-overrides/${id}`)
  })
})

describe('plans', () => {
  test('are free, pro and enterprise, and the owner changes them for everyone at once', async () => {
    const { data } = await owner.json<{ data: Plan[] }>('GET', '/api/v1/plans')
    expect(data).toMatchObject([
      { id: 'free', requestsPerHour: 10, tokensPerDay: 100_000, monthlyPriceMicroUsd: null },
      { id: 'pro', requestsPerHour: 100, tokensPerDay: 1_000_000 },
      { id: 'enterprise', requestsPerHour: 1_000, tokensPerDay: 10_000_000 },
    ])
    const person = await makePerson()
    expect((await limitsOf(person)).plan.id).toBe('enterprise')
    expect(await messagesOf(person)).toMatchObject({ limit: 1000 })
    await owner.json('PATCH', '/api/v1/plans/enterprise', { requestsPerHour: 500, requestBurst: 50 })
    expect(await messagesOf(person)).toMatchObject({ limit: 50, windowSeconds: 360 })
    await owner.json('PATCH', '/api/v1/plans/enterprise', { requestsPerHour: null })
    expect(await messagesOf(person)).toBeUndefined()
    expect(await statusOf(owner.fetch('/api/v1/plans/gold', json('PATCH', { name: 'Gold' })))).toBe(404)
    const half = await owner.fetch('/api/v1/plans/enterprise', json('PATCH', { requestBurst: 5 }))
    expect(half.status).toBe(422)
    await owner.json('PATCH', '/api/v1/plans/enterprise', { requestsPerHour: 1000 })
    expect(await messagesOf(person)).toMatchObject({ limit: 1000, windowSeconds: 3600 })
  })

  test('a workspace is put on a plan', async () => {
    const person = await makePerson()
    const { id } = owner.signedIn.user.workspace
    await owner.json('PUT', `/api/v1/workspace-plans/${id}`, { planId: 'free' })
    expect(await limitsOf(person)).toMatchObject({ plan: { id: 'free' }, tokensPerDay: [{ amount: 100_000 }] })
    for (let i = 0; i < 10; i++) expect(await statusOf(send(person))).toBe(202)
    const refused = (await (await send(person)).json()) as Problem
    expect(refused.detail).toContain('the plan Free allows: 10 an hour for your messages')
    expect(await owner.json('GET', '/api/v1/workspace-plans')).toMatchObject({
      data: [{ workspaceId: id, planId: 'free', isOperator: true }],
    })
    const wrong = await owner.fetch(`/api/v1/workspace-plans/${id}`, json('PUT', { planId: 'gold' }))
    expect(wrong.status).toBe(422)
    await owner.json('PUT', `/api/v1/workspace-plans/${id}`, { planId: 'enterprise' })
    expect(await statusOf(send(person))).toBe(202)
  })

  test('members see what limits them, and change nothing', async () => {
    const person = await makePerson({ requestsPerHour: 3 })
    expect(await limitsOf(person)).toMatchObject({ operator: false, countedIn: 'process', degraded: false })
    const { id } = owner.signedIn.user.workspace
    const refused = [
      person.fetch('/api/v1/limit-overrides'),
      person.fetch(
        '/api/v1/limit-overrides',
        json('PUT', { subject: { kind: 'user', id: person.id }, tokensPerDay: 9 }),
      ),
      person.fetch('/api/v1/plans/enterprise', json('PATCH', { requestsPerHour: 9 })),
      person.fetch(`/api/v1/workspace-plans/${id}`, json('PUT', { planId: 'free' })),
    ]
    for (const response of await Promise.all(refused)) expect(response.status).toBe(403)
    expect(await messagesOf(person)).toMatchObject({ limit: 3 })
  })
})

describe('overrides', () => {
  test('are listed with names and what is left, replaced, and dropped', async () => {
    const person = await makePerson()
    const subject = { kind: 'user', id: person.id }
    const made = await setLimit({ subject, requestsPerHour: 8, tokensPerDay: 5_000 })
    expect(made).toMatchObject({ subject: { ...subject, name: `Person ${people}` }, requestBurst: 8, counted: 'each' })
    await send(person)
    const { data } = await owner.json<{ data: LimitOverride[] }>('GET', '/api/v1/limit-overrides')
    expect(data.find(({ id }) => id === made.id)).toMatchObject({
      state: { limit: 8, remaining: 7 },
      tokensPerDay: 5_000,
    })
    const again = await setLimit({ subject, counted: 'together', requestsPerHour: 4, requestBurst: 2 })
    expect(again).toMatchObject({ id: made.id, requestBurst: 2, tokensPerDay: null, counted: 'each' })
    await owner.json('DELETE', `/api/v1/limit-overrides/${made.id}`)
    expect(await messagesOf(person)).toMatchObject({ limit: 1000 })
    expect(await statusOf(owner.fetch(`/api/v1/limit-overrides/${made.id}`, { method: 'DELETE' }))).toBe(404)
  })

  test('are for what the workspace has', async () => {
    const nobody = '019a0000-0000-7000-8000-000000000000'
    for (const kind of ['workspace', 'user', 'key', 'group']) {
      const response = await owner.fetch(
        '/api/v1/limit-overrides',
        json('PUT', { subject: { kind, id: nobody }, tokensPerDay: 9 }),
      )
      expect([kind, response.status]).toEqual([kind, 404])
    }
    const empty = await owner.fetch('/api/v1/limit-overrides', json('PUT', { subject: { kind: 'model', id: 'a/b' } }))
    expect(empty.status).toBe(400)
  })

  test('an admin who does not run the installation stays within the plan, and off what its owner set', async () => {
    const [admin, person, other] = [
      await makePerson(),
      await makePerson(),
      await makePerson({ requestsPerHour: 5_000 }),
    ]
    await server.platform.db.updateTable('memberships').set({ role: 'admin' }).where('userId', '=', admin.id).execute()
    server.platform.bus.publish('identity:revoked', { userId: admin.id })
    const put = (body: object) => admin.fetch('/api/v1/limit-overrides', json('PUT', body))
    const subject = { kind: 'user', id: person.id }
    expect(await statusOf(put({ subject, requestsPerHour: 900 }))).toBe(200)
    const above = await put({ subject, requestsPerHour: 1_001, tokensPerDay: 20_000_000 })
    expect(above.status).toBe(422)
    expect(((await above.json()) as Problem).errors).toMatchObject([
      { pointer: '/requestsPerHour', message: 'The plan Enterprise allows 1000 at most.' },
      { pointer: '/tokensPerDay' },
    ])
    expect(await messagesOf(other)).toMatchObject({ limit: 5_000 })
    expect(await statusOf(put({ subject: { kind: 'user', id: other.id }, requestsPerHour: 10 }))).toBe(403)
    // A smaller plan holds for what was set under a larger one.
    await owner.json('PATCH', '/api/v1/plans/enterprise', { requestsPerHour: 100 })
    expect(await messagesOf(person)).toMatchObject({ limit: 100 })
    expect(await messagesOf(other)).toMatchObject({ limit: 5_000 })
    await owner.json('PATCH', '/api/v1/plans/enterprise', { requestsPerHour: 1000 })
  })
})

describe('the pace', () => {
  test('is kept for expensive requests apart, and for addresses before anyone is known', async () => {
    const slow = await startServer({
      env: {
        PARLEY_EXPENSIVE_REQUESTS_PER_MINUTE: '2',
        PARLEY_ADDRESS_REQUESTS_PER_MINUTE: '40',
        PARLEY_TRUSTED_PROXIES: '127.0.0.1',
      },
    })
    const from = (address: string) => ({ ...slow.owner.headers, 'x-forwarded-for': address })
    const upload = (address: string) => {
      const body = new FormData()
      body.append('file', new Blob(['text']), 'a.txt')
      return fetch(`${slow.url}/api/v1/files`, { method: 'POST', headers: from(address), body })
    }
    expect([(await upload('192.0.2.1')).status, (await upload('192.0.2.2')).status]).toEqual([201, 201])
    const refused = await upload('192.0.2.3')
    expect(((await refused.json()) as Problem).limit).toMatchObject({ name: 'expensive', limit: 2, windowSeconds: 60 })
    expect((await fetch(`${slow.url}/api/v1/me`, { headers: from('192.0.2.3') })).status).toBe(200)

    const guess = (address: string) =>
      fetch(`${slow.url}/api/v1/me`, { headers: { authorization: 'Bearer nobody', 'x-forwarded-for': address } })
    const statuses = []
    for (let i = 0; i < 44; i++) statuses.push((await guess(`2001:db8::${i}`)).status)
    expect(statuses.slice(0, 40)).toEqual(Array(40).fill(401))
    expect(statuses.slice(40)).toEqual(Array(4).fill(429))
    const problem = (await (await guess('2001:db8::9')).json()) as Problem
    expect(problem).toMatchObject({ code: 'rate_limited' })
    expect((await fetch(`${slow.url}/api/v1/me`, { headers: from('2001:db8::1') })).status).toBe(429)
    expect((await fetch(`${slow.url}/api/v1/me`, { headers: from('2001:db9::1') })).status).toBe(200)
    await slow.close()
  })
})

describeWithPostgres('two servers on one database and one Redis', () => {
  ;(hasRedis ? testOnPostgres : test.skip)(
    'Redis that goes away in the middle of 500 messages: none fails, and each server goes on from the count it knows',
    async () => {
      const home = await makeHome()
      const redis = new URL(testRedisUrl())
      const line = await startLine(redis)
      const through = new URL(redis)
      through.host = `127.0.0.1:${line.port}`
      const shared = { PUBLIC_URL: `http://127.0.0.1:${home.port}`, REDIS_URL: through.href }
      const env = { ...home.env, ...shared, PARLEY_REDIS_TIMEOUT_MS: '5000' }
      const first = await spawnServer({ dataDir: home.dataDir, port: home.port, env })
      const second = await spawnServer({ dataDir: home.dataDir, port: home.port + 2, env })
      try {
        const admin = await registerOwner(first.url, first.setupUrl)
        const { id } = admin.signedIn.user
        await admin.json('PUT', '/api/v1/limit-overrides', { subject: { kind: 'user', id }, requestsPerHour: 40 })
        const conversations = await makeConversations(admin, 500)
        const both = [first, second].map(({ url }) => callerFor(url, admin.headers))
        for (const caller of both)
          expect(await caller.json('GET', '/api/v1/limits')).toMatchObject({ countedIn: 'redis' })
        let answered = 0
        const sent = conversations.map(async (conversation, i) => {
          const status = await statusOf(sendTo(both[i % 2]!, conversation))
          answered += 1
          if (answered === 100) line.cut()
          return status
        })
        const statuses = await Promise.all(sent)
        const taken = statuses.filter((status) => status === 202).length
        expect(new Set(statuses)).toEqual(new Set([202, 429]))
        expect(taken).toBeGreaterThanOrEqual(40)
        // By then the 40 were taken, and both servers know.
        expect(taken).toBeLessThanOrEqual(42)
        for (const caller of both) {
          expect(await caller.json('GET', '/api/v1/limits')).toMatchObject({ countedIn: 'process', degraded: true })
          expect(await statusOf(caller.fetch('/readyz'))).toBe(200)
        }
        line.restore()
        for (const caller of both) {
          await expect
            .poll(async () => (await caller.json<MyLimits>('GET', '/api/v1/limits')).countedIn, { timeout: 60_000 })
            .toBe('redis')
        }
        expect(await statusOf(sendTo(both[0]!, conversations[0]!))).toBe(429)
      } finally {
        await Promise.all([first.kill9(), second.kill9()])
        line.close()
        await home.remove()
      }
    },
    180_000,
  )

  test.skipIf(!hasRedis)(
    '500 messages at once: together exactly as many as the limit are taken',
    async () => {
      if (process.env.PARLEY_TEST_DATABASE !== 'postgres') return
      const home = await makeHome()
      // One address for both, as behind a load balancer: access tokens are for it.
      const shared = { PUBLIC_URL: `http://127.0.0.1:${home.port}`, REDIS_URL: testRedisUrl() }
      const env = { ...home.env, ...shared, PARLEY_REDIS_TIMEOUT_MS: '5000' }
      const first = await spawnServer({ dataDir: home.dataDir, port: home.port, env })
      const second = await spawnServer({ dataDir: home.dataDir, port: home.port + 2, env })
      const both: SpawnedServer[] = [first, second]
      const admin = await registerOwner(first.url, first.setupUrl)
      const { id } = admin.signedIn.user
      await admin.json('PUT', '/api/v1/limit-overrides', { subject: { kind: 'user', id }, requestsPerHour: 40 })
      const conversations = await makeConversations(admin, 500)
      const statuses = await Promise.all(
        conversations.map((conversation, i) =>
          statusOf(sendTo(callerFor(both[i % 2]!.url, admin.headers), conversation)),
        ),
      )
      expect(Map.groupBy(statuses, (status) => status).get(202)).toHaveLength(40)
      expect(Map.groupBy(statuses, (status) => status).get(429)).toHaveLength(460)
      const ready = (await (await fetch(`${second.url}/readyz`)).json()) as { checks: object }
      expect(ready.checks).toMatchObject({ redis: 'ok' })
      for (const one of both) await one.terminate()
      await home.remove()
    },
    180_000,
  )
})

function json(method: string, body: object): RequestInit {
  return { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
