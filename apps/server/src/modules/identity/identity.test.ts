import type { ApiKey, Page, Problem, SignedIn, User } from '@parley/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../platform/context.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../testing/start-server.ts'
import { ensureSetup } from './index.ts'
import { rememberKnownBrowser } from './sessions/known-browsers.ts'
import { logIn } from './sign-in.ts'
import { takePasswordTry } from './sign-in-throttle.ts'

let server: TestServer
let people = 0

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
afterEach(() => {
  server.platform.clock = systemClock
  server.platform.config.identity.signup = 'invite'
  server.platform.config.http.secureCookies = false
})

const password = 'correct horse battery'

interface Answer<T> {
  status: number
  body: T
  headers: Headers
  cookie: string | undefined
}

async function send<T = Problem>(
  caller: Caller,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const response = await caller.fetch(`/api/v1/${path}`, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    body: (text === '' ? undefined : JSON.parse(text)) as T,
    headers: response.headers,
    cookie: response.headers.getSetCookie()[0],
  }
}

/** Somebody new, a member of the owner's workspace. */
async function makePerson(): Promise<Caller & { email: string; signedIn: SignedIn; cookie: string }> {
  const email = `person-${++people}@example.com`
  server.platform.config.identity.signup = 'open'
  const { status, body, cookie } = await send<SignedIn>(server.anyone, 'POST', 'auth/register', {
    email,
    password,
    name: 'Pat',
  })
  server.platform.config.identity.signup = 'invite'
  expect(status).toBe(201)
  return { ...bearer(body.accessToken), email, signedIn: body, cookie: cookie?.split(';')[0] ?? '' }
}

function bearer(token: string): Caller {
  return callerFor(server.url, { authorization: `Bearer ${token}` })
}

function withCookie(cookie: string): Caller {
  return callerFor(server.url, { cookie, origin: server.url, 'parley-client': 'test' })
}

/** Sets the server that much ahead. */
function shiftClock(ms: number): void {
  const clock: Clock = { now: () => new Date(Date.now() + ms) }
  server.platform.clock = clock
}

async function logInFrom(address: string, email: string, tried: string) {
  const outcome = await logIn(server.platform, { email, password: tried }, { address, userAgent: undefined })
  if (!('sessionToken' in outcome)) throw new Error('a second factor was asked for')
  return outcome
}

async function makeKey(caller: Caller, body: Record<string, unknown> = {}) {
  const made = await send<ApiKey & { key: string }>(caller, 'POST', 'api-keys', { name: 'Key', ...body })
  expect(made.status).toBe(201)
  return made.body
}

describe('sign-up', () => {
  test('without an invitation is closed, and makes nobody', async () => {
    const body = { email: 'new@example.com', password, name: 'New' }
    const refused = await send(server.anyone, 'POST', 'auth/register', body)
    expect([refused.status, refused.body.code]).toEqual([403, 'signup_closed'])
    server.platform.config.identity.signup = 'open'
    const accepted = await send<SignedIn>(server.anyone, 'POST', 'auth/register', { ...body, email: 'NEW@example.com' })
    expect(accepted.status).toBe(201)
    expect(accepted.body.user.email).toBe('new@example.com')
    expect(accepted.body.user.workspace).toMatchObject({ id: server.owner.signedIn.user.workspace.id, role: 'member' })
    expect(accepted.body.user.scopes).not.toContain('models:manage')
    const again = await send(server.anyone, 'POST', 'auth/register', body)
    expect([again.status, again.body.code]).toEqual([409, 'email_taken'])
  })
})

describe('sign-in', () => {
  test('refuses a wrong password and an unknown address alike, and in about the same time', async () => {
    const person = await makePerson()
    async function attempt(email: string) {
      const begun = performance.now()
      const { status, body } = await send(server.anyone, 'POST', 'auth/login', { email, password: 'not the password' })
      expect(body.status).toBe(status)
      return { ms: performance.now() - begun, answer: { ...body, requestId: undefined } }
    }
    await attempt('warm-up@example.com')
    const wrong: Awaited<ReturnType<typeof attempt>>[] = []
    const unknown: typeof wrong = []
    for (let time = 0; time < 8; time++) {
      wrong.push(await attempt(person.email))
      unknown.push(await attempt(`nobody${time}@example.com`))
    }
    expect(wrong[0]?.answer).toMatchObject({ status: 401, code: 'invalid_credentials' })
    expect(unknown[0]?.answer).toEqual(wrong[0]?.answer)
    const quickest = (tries: { ms: number }[]) => Math.min(...tries.map((each) => each.ms))
    // Without the hash an unknown address is answered in under 2 ms.
    expect(quickest(unknown)).toBeGreaterThan(quickest(wrong) / 2)
    const right = await send(server.anyone, 'POST', 'auth/login', { email: person.email.toUpperCase(), password })
    expect(right.status).toBe(200)
  })

  test('sets a cookie that scripts and other sites cannot use', async () => {
    const person = await makePerson()
    const plain = await send(server.anyone, 'POST', 'auth/login', { email: person.email, password })
    expect(plain.cookie).toMatch(/^parley_session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/)
    server.platform.config.http.secureCookies = true
    const secure = await send(server.anyone, 'POST', 'auth/login', { email: person.email, password })
    expect(secure.cookie).toMatch(
      /^__Host-parley_session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    )
    const name = secure.cookie?.split(';')[0] ?? ''
    expect((await send(withCookie(name), 'GET', 'me')).status).toBe(200)
    // Another subdomain can plant only the name without the prefix.
    expect((await send(withCookie(name.replace('__Host-', '')), 'GET', 'me')).status).toBe(401)
  })

  test('slows down guessing from one address, and does not lock the person out elsewhere', async () => {
    const person = await makePerson()
    const guesses = Array.from({ length: 10 }, () => logInFrom('192.0.2.1', person.email, 'a wrong guess'))
    for (const guess of await Promise.allSettled(guesses)) {
      expect(guess).toMatchObject({ status: 'rejected', reason: { code: 'invalid_credentials' } })
    }
    // Not even with the right password, else it would tell that it is right.
    await expect(logInFrom('192.0.2.1', person.email, password)).rejects.toMatchObject({ code: 'rate_limited' })
    expect((await logInFrom('192.0.2.2', person.email, password)).answer.user.email).toBe(person.email)
    shiftClock(15_000)
    expect((await logInFrom('192.0.2.1', person.email, password)).answer.user.email).toBe(person.email)
  })

  test('slows down guessing from everywhere, but not the browser that the person signed in with', async () => {
    const person = await makePerson()
    const { platform } = server
    const from = (index: number, browser: string) => ({ address: `203.0.113.${index}`, userAgent: undefined, browser })
    await rememberKnownBrowser(platform.db, person.signedIn.user.id, from(0, 'known'), new Date())
    const tries = Array.from({ length: 101 }, (_, index) =>
      takePasswordTry(platform, { address: `198.51.100.${index}`, userAgent: undefined }, person.email, false),
    )
    expect((await Promise.allSettled(tries)).filter(({ status }) => status === 'rejected')).toHaveLength(1)
    const body = { email: person.email, password }
    await expect(logIn(platform, body, from(1, 'new'))).rejects.toMatchObject({ code: 'rate_limited' })
    expect(await logIn(platform, body, from(2, 'known'))).toHaveProperty('sessionToken')
    shiftClock(30_000)
    // What succeeds does not count: one after the other gets in.
    for (const index of [3, 4, 5])
      expect(await logIn(platform, body, from(index, 'new'))).toHaveProperty('sessionToken')
  })

  test('lets nobody in the same network keep a person out of a browser they know; guessing there is slow as well', async () => {
    const person = await makePerson()
    const { platform } = server
    const from = (browser: string) => ({ address: '192.0.2.50', userAgent: undefined, browser })
    await rememberKnownBrowser(platform.db, person.signedIn.user.id, from('known'), new Date())
    const guess = { email: person.email, password: 'a wrong guess' }
    for (let time = 0; time < 70; time++) {
      const other = { ...guess, email: time % 2 ? person.email : `other${time}@example.com` }
      await logIn(platform, other, from(`guesser ${time}`)).catch(() => undefined)
    }
    const body = { email: person.email, password }
    await expect(logIn(platform, body, from('new'))).rejects.toMatchObject({ code: 'rate_limited' })
    expect(await logIn(platform, body, from('known'))).toHaveProperty('sessionToken')
    for (let time = 0; time < 10; time++) {
      await expect(logIn(platform, guess, from('known'))).rejects.toMatchObject({ code: 'invalid_credentials' })
    }
    await expect(logIn(platform, body, from('known'))).rejects.toMatchObject({ code: 'rate_limited' })
    shiftClock(15_000)
    expect(await logIn(platform, body, from('known'))).toHaveProperty('sessionToken')
  })

  test('with a password that is changed just after it was checked begins no session', async () => {
    const person = await makePerson()
    const { platform } = server
    const newPassword = 'another correct battery'
    const change = async () => {
      const body = JSON.stringify({ currentPassword: password, newPassword })
      const headers = { 'content-type': 'application/json' }
      expect((await person.fetch('/api/v1/me', { method: 'PATCH', headers, body })).status).toBe(200)
    }
    // A server in which the change comes between the check and what is stored after it.
    const db = new Proxy(platform.db, {
      get(target, name) {
        if (name !== 'transaction') {
          const found: unknown = Reflect.get(target, name, target)
          return typeof found === 'function' ? found.bind(target) : found
        }
        return () => ({
          execute: async (work: never) => {
            await change()
            return target.transaction().execute(work)
          },
        })
      },
    })
    const client = { address: '192.0.2.60', userAgent: undefined }
    const late = logIn({ ...platform, db }, { email: person.email, password }, client)
    await expect(late).rejects.toMatchObject({ code: 'invalid_credentials' })
    const stored = platform.db.selectFrom('sessions').select('id').where('userId', '=', person.signedIn.user.id)
    expect(await stored.execute()).toHaveLength(1)
    expect(await logIn(platform, { email: person.email, password: newPassword }, client)).toHaveProperty('sessionToken')
  })

  test('counts a whole IPv6 network as one address', async () => {
    const person = await makePerson()
    for (let host = 1; host <= 10; host++) {
      await expect(logInFrom(`2001:db8::${host}`, person.email, 'a wrong guess')).rejects.toThrow('wrong')
    }
    await expect(logInFrom('2001:db8::99', person.email, password)).rejects.toMatchObject({ code: 'rate_limited' })
    expect((await logInFrom('2001:db8:0:1::1', person.email, password)).answer.user.email).toBe(person.email)
  })

  test('tells over HTTP how long to wait', async () => {
    const email = 'guessed@example.com'
    const statuses: number[] = []
    let last: Answer<Problem> | undefined
    for (let index = 0; index < 11; index++) {
      last = await send(server.anyone, 'POST', 'auth/login', { email, password: 'a wrong guess' })
      statuses.push(last.status)
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429])
    expect(last?.body.code).toBe('rate_limited')
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(last?.headers.get('retry-after'))).toBeLessThanOrEqual(15)
  })
})

describe('sessions', () => {
  test('a refresh token buys new tokens once; used again it ends the session', async () => {
    const person = await makePerson()
    const first = person.signedIn.refreshToken
    const second = await send<SignedIn>(server.anyone, 'POST', 'auth/refresh', { refreshToken: first })
    expect(second.status).toBe(200)
    expect(second.body.refreshToken).not.toBe(first)
    const cookie = second.cookie?.split(';')[0] ?? ''
    expect((await send(withCookie(cookie), 'GET', 'me')).status).toBe(200)
    expect((await send(withCookie(person.cookie), 'GET', 'me')).status).toBe(401)
    const third = await send<SignedIn>(server.anyone, 'POST', 'auth/refresh', {
      refreshToken: second.body.refreshToken,
    })
    expect((await send(bearer(third.body.accessToken), 'GET', 'me')).status).toBe(200)

    // Two generations old: a thief cannot get rid of the trace by refreshing twice.
    const reused = await send(server.anyone, 'POST', 'auth/refresh', { refreshToken: first })
    expect([reused.status, reused.body.code]).toEqual([401, 'unauthenticated'])
    expect((await send(bearer(third.body.accessToken), 'GET', 'me')).status).toBe(401)
    const last = await send(server.anyone, 'POST', 'auth/refresh', { refreshToken: third.body.refreshToken })
    expect(last.status).toBe(401)
  })

  test('what is no refresh token ends nothing', async () => {
    const person = await makePerson()
    for (const refreshToken of [
      '',
      '.',
      'x',
      `${person.signedIn.user.id}.x`,
      person.signedIn.accessToken.slice(0, 200),
    ]) {
      expect((await send(server.anyone, 'POST', 'auth/refresh', { refreshToken })).status).toBe(401)
    }
    expect((await send(person, 'GET', 'me')).status).toBe(200)
  })

  test('signing out ends cookie, access token and refresh token at once, and no other session', async () => {
    const person = await makePerson()
    const other = await send<SignedIn>(server.anyone, 'POST', 'auth/login', { email: person.email, password })
    expect((await send(withCookie(person.cookie), 'GET', 'me')).status).toBe(200)
    expect((await send(person, 'GET', 'me')).status).toBe(200)
    const out = await send(withCookie(person.cookie), 'POST', 'auth/logout')
    expect(out.status).toBe(200)
    expect(out.cookie).toMatch(/^parley_session=; Max-Age=0; Path=\/;/)
    expect((await send(withCookie(person.cookie), 'GET', 'me')).status).toBe(401)
    expect((await send(person, 'GET', 'me')).status).toBe(401)
    const { refreshToken } = person.signedIn
    expect((await send(server.anyone, 'POST', 'auth/refresh', { refreshToken })).status).toBe(401)
    expect((await send(bearer(other.body.accessToken), 'GET', 'me')).status).toBe(200)
  })

  test('lasts while it is used, and ends 30 days after', async () => {
    const day = 24 * 3600_000
    const person = await makePerson()
    const browser = withCookie(person.cookie)
    shiftClock(29 * day)
    expect((await send(browser, 'GET', 'me')).status).toBe(200)
    shiftClock(58 * day)
    expect((await send(browser, 'GET', 'me')).status).toBe(200)
    expect((await send(person, 'GET', 'me')).status).toBe(401) // the access token was for 15 minutes
    shiftClock(89 * day)
    expect((await send(browser, 'GET', 'me')).status).toBe(401)
  })

  test('a new password needs the old one, and ends the other sessions', async () => {
    const person = await makePerson()
    const other = await send<SignedIn>(server.anyone, 'POST', 'auth/login', { email: person.email, password })
    const newPassword = 'another long password'
    const refused = await send(person, 'PATCH', 'me', { currentPassword: 'a wrong guess', newPassword })
    expect([refused.status, refused.body.code]).toEqual([401, 'invalid_credentials'])
    expect((await send(bearer(other.body.accessToken), 'GET', 'me')).status).toBe(200)
    const changed = await send<User>(person, 'PATCH', 'me', {
      name: 'Patricia',
      currentPassword: password,
      newPassword,
    })
    expect(changed.body.name).toBe('Patricia')
    expect((await send(person, 'GET', 'me')).status).toBe(200)
    expect((await send(bearer(other.body.accessToken), 'GET', 'me')).status).toBe(401)
    expect((await send(server.anyone, 'POST', 'auth/login', { email: person.email, password })).status).toBe(401)
    const again = await send(server.anyone, 'POST', 'auth/login', { email: person.email, password: newPassword })
    expect(again.status).toBe(200)
  })

  test('an access token that was changed or is of another make is nobody’s', async () => {
    const { accessToken } = (await makePerson()).signedIn
    const [header, claims, signature] = accessToken.split('.') as [string, string, string]
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const owned = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), sub: server.owner.signedIn.user.id }
    const forged = [
      `${header}.${encode(owned)}.${signature}`,
      `${encode({ alg: 'none', typ: 'JWT' })}.${claims}.`,
      `${encode({ alg: 'HS256', typ: 'JWT' })}.${claims}.${signature}`,
      `${header}.${claims}.${signature.slice(0, -4)}AAAA`,
      'x'.repeat(5000),
      '',
    ]
    for (const token of forged) expect((await send(bearer(token), 'GET', 'me')).status).toBe(401)
    expect((await send(bearer(accessToken), 'GET', 'me')).status).toBe(200)
  })

  test('a bad bearer token is not made good by a cookie', async () => {
    const { cookie } = await makePerson()
    const caller = callerFor(server.url, { cookie, authorization: 'Bearer wrong' })
    expect((await send(caller, 'GET', 'me')).status).toBe(401)
  })

  test('Parley-Workspace names a workspace of one’s own; any other is not found', async () => {
    const person = await makePerson()
    const own = person.signedIn.user.workspace.id
    const { id: foreign } = await server.platform.db
      .insertInto('workspaces')
      .values({ id: '01a20b35-6d84-702f-8bee-8598ef0a9caa', name: 'Foreign', createdAt: new Date() })
      .returning('id')
      .executeTakeFirstOrThrow()
    const at = (workspace: string) => send(person, 'GET', 'me', undefined, { 'parley-workspace': workspace })
    expect((await at(own)).status).toBe(200)
    for (const other of [foreign, '01a20b35-6d84-702f-8bee-8598ef0a9cab', 'x']) {
      expect([(await at(other)).status, (await at(other)).body.code]).toEqual([404, 'not_found'])
    }
    await server.platform.db
      .insertInto('memberships')
      .values({ workspaceId: foreign, userId: person.signedIn.user.id, role: 'viewer', createdAt: new Date() })
      .execute()
    const there = await send<User>(person, 'GET', 'me', undefined, { 'parley-workspace': foreign })
    expect(there.body.workspace).toMatchObject({ id: foreign, role: 'viewer' })
    expect(there.body.scopes).not.toContain('conversations:write')
  })
})

describe('API keys', () => {
  test('are shown once, work, are listed in pages and stop at once when revoked', async () => {
    const person = await makePerson()
    const one = await makeKey(person, { name: 'One' })
    const two = await makeKey(person, { name: 'Two' })
    expect(one.key).toMatch(/^mcp_[0-9A-Za-z]{49}$/)
    expect(one.scopes).not.toContain('keys:manage')
    const me = await send<User>(bearer(one.key), 'GET', 'me')
    expect(me.body.id).toBe(person.signedIn.user.id)
    expect(me.body.scopes).toEqual(one.scopes)

    const page = await send<Page<ApiKey>>(person, 'GET', 'api-keys?limit=1')
    expect(page.body.data.map(({ name }) => name)).toEqual(['Two'])
    const rest = await send<Page<ApiKey>>(person, 'GET', `api-keys?limit=1&cursor=${page.body.nextCursor}`)
    expect(rest.body).toMatchObject({ data: [{ name: 'One', prefix: one.key.slice(0, 12) }], nextCursor: null })
    expect(rest.body.data[0]?.lastUsedAt).not.toBeNull()
    expect(JSON.stringify([page.body, rest.body])).not.toContain(one.key)

    expect((await send(person, 'DELETE', `api-keys/${one.id}`)).status).toBe(204)
    expect((await send(bearer(one.key), 'GET', 'me')).status).toBe(401)
    expect((await send(bearer(two.key), 'GET', 'me')).status).toBe(200)
    expect((await send(person, 'DELETE', `api-keys/${one.id}`)).status).toBe(404)
  })

  test('are stored nowhere in the clear, and a repeated request still gets the same one', async () => {
    const person = await makePerson()
    const headers = { 'idempotency-key': 'make-a-key' }
    const first = await send<{ id: string; key: string }>(person, 'POST', 'api-keys', { name: 'Key' }, headers)
    const again = await send<{ id: string; key: string }>(person, 'POST', 'api-keys', { name: 'Key' }, headers)
    expect(again.body).toEqual(first.body)
    for (const table of ['apiKeys', 'idempotencyKeys', 'outboxEvents'] as const) {
      const rows = await server.platform.db.selectFrom(table).selectAll().execute()
      expect(rows.length).toBeGreaterThan(0)
      expect(JSON.stringify(rows)).not.toContain(first.body.key)
    }
  })

  test('of somebody else are not found', async () => {
    const person = await makePerson()
    const key = await makeKey(person)
    const foreign = await send(server.owner, 'DELETE', `api-keys/${key.id}`)
    expect([foreign.status, foreign.body.code]).toEqual([404, 'not_found'])
    expect((await send(bearer(key.key), 'GET', 'me')).status).toBe(200)
    const list = await send<Page<ApiKey>>(server.owner, 'GET', 'api-keys')
    expect(list.body.data.map(({ id }) => id)).not.toContain(key.id)
  })

  test('allow no more than their maker may, and make no wider ones', async () => {
    const person = await makePerson()
    const narrowed = await makeKey(person, { scopes: ['models:manage', 'models:read'] })
    expect(narrowed.scopes).toEqual(['models:read'])
    const nothing = await send(person, 'POST', 'api-keys', { name: 'Key', scopes: ['models:manage'] })
    expect([nothing.status, nothing.body.code]).toEqual([403, 'forbidden'])
    const attempt = await send(bearer(narrowed.key), 'POST', 'api-keys', { name: 'Key' })
    expect([attempt.status, attempt.body.code]).toEqual([403, 'forbidden'])
    expect((await send(bearer(narrowed.key), 'PATCH', 'me', { name: 'Key' })).status).toBe(403)

    const expiresAt = new Date(Date.now() + 3600_000).toISOString()
    const manager = await makeKey(person, { scopes: ['keys:manage', 'account:read'], expiresAt })
    const child = await makeKey(bearer(manager.key), { scopes: ['keys:manage', 'account:read', 'conversations:write'] })
    expect(child.scopes).toEqual(['keys:manage', 'account:read'])
    expect(child.expiresAt).toBe(expiresAt)
  })

  test('follow the role of their maker, and end when the maker leaves', async () => {
    const person = await makePerson()
    const { id: userId } = person.signedIn.user
    const key = await makeKey(person)
    const memberships = server.platform.db.updateTable('memberships').where('userId', '=', userId)
    await memberships.set({ role: 'viewer' }).execute()
    expect((await send<User>(bearer(key.key), 'GET', 'me')).body.scopes).not.toContain('conversations:write')
    await server.platform.db.deleteFrom('memberships').where('userId', '=', userId).execute()
    shiftClock(5_001) // what changes outside of this process is seen after five seconds
    expect((await send(bearer(key.key), 'GET', 'me')).status).toBe(401)
  })

  test('end at their time', async () => {
    const person = await makePerson()
    const past = await send(person, 'POST', 'api-keys', { name: 'Key', expiresAt: '2020-01-01T00:00:00.000Z' })
    expect([past.status, past.body.code]).toEqual([400, 'invalid_request'])
    const key = await makeKey(person, { expiresAt: new Date(Date.now() + 3_000).toISOString() })
    expect((await send(bearer(key.key), 'GET', 'me')).status).toBe(200)
    shiftClock(3_001) // within the time for which it is remembered
    expect((await send(bearer(key.key), 'GET', 'me')).status).toBe(401)
  })
})

describe('set-up', () => {
  beforeAll(async () => {
    await server.platform.db.deleteFrom('workspaces').execute()
    await server.platform.db.deleteFrom('users').execute()
  })

  const tokenOf = (link: { setupUrl: string | null }) => new URL(link.setupUrl ?? '').hash.replace('#token=', '')
  const registerWith = (email: string, setupToken?: string) =>
    send<SignedIn & Problem>(server.anyone, 'POST', 'auth/register', { email, password, name: 'First', setupToken })

  test('replicas that start together share one link; a later start replaces it', async () => {
    const together = await Promise.all([ensureSetup(server.platform), ensureSetup(server.platform)])
    expect(tokenOf(together[0])).toBe(tokenOf(together[1]))
    expect(tokenOf(together[0])).toMatch(/^[\w-]{43}$/)
    shiftClock(60_001)
    expect(tokenOf(await ensureSetup(server.platform))).not.toBe(tokenOf(together[0]))
    const old = await registerWith('first@example.com', tokenOf(together[0]))
    expect([old.status, old.body.code]).toEqual([403, 'setup_token_required'])
  })

  test('only one of many with the link becomes owner, and nobody without', async () => {
    shiftClock(200_000)
    const token = tokenOf(await ensureSetup(server.platform))
    expect((await send(server.anyone, 'GET', 'auth/setup')).body).toMatchObject({ needsOwner: true, signup: 'invite' })
    for (const wrong of [undefined, '', 'wrong', `${token}x`]) {
      const refused = await registerWith('first@example.com', wrong)
      expect([refused.status, refused.body.code]).toEqual([403, 'setup_token_required'])
    }
    const all = await Promise.all(['a', 'b', 'c', 'd'].map((name) => registerWith(`${name}@example.com`, token)))
    expect(all.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403])
    const winner = all.find(({ status }) => status === 201)
    expect(winner?.body.user.workspace.role).toBe('owner')
    for (const { status, body } of all) if (status === 403) expect(body.code).toBe('signup_closed')
    expect((await send(server.anyone, 'GET', 'auth/setup')).body).toMatchObject({ needsOwner: false, signup: 'invite' })
    expect(await ensureSetup(server.platform)).toEqual({ setupUrl: null })
    const { count } = await server.platform.db
      .selectFrom('users')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    expect(count).toBe(1)
  })

  test('the owner can come from the environment', async () => {
    await server.platform.db.deleteFrom('workspaces').execute()
    await server.platform.db.deleteFrom('users').execute()
    const platform = {
      ...server.platform,
      config: {
        ...server.platform.config,
        identity: { ...server.platform.config.identity, adminEmail: 'Admin@Example.com' },
      },
      secrets: { ...server.platform.secrets, adminPassword: password },
    }
    const starts = await Promise.all([ensureSetup(platform), ensureSetup(platform)])
    expect(starts).toEqual([{ setupUrl: null }, { setupUrl: null }])
    const { answer } = await logInFrom('192.0.2.9', 'admin@example.com', password)
    expect(answer.user.workspace.role).toBe('owner')
  })
})
