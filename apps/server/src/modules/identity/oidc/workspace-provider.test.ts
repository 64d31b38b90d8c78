import type { ClaimRule, Page, Problem, SignInProvider, SignInSettings, User } from '@parley/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { inTransaction } from '../../../platform/context.ts'
import { Browser } from '../../../testing/browser.ts'
import { type IdentityProvider, startIdentityProvider } from '../../../testing/identity-provider.ts'
import { begin, bringBack, logInThere, problemAt, signInThrough } from '../../../testing/provider-sign-in.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'
import { makeOwner } from '../add-person.ts'
import { hashPassword } from '../passwords.ts'

const password = 'a long test password'

let idp: IdentityProvider
let server: TestServer
let browser: Browser
let people = 0

beforeAll(async () => {
  idp = await startIdentityProvider()
  const env = {
    PUBLIC_URL: 'http://127.0.0.1:0',
    PARLEY_TRUSTED_PROXIES: '127.0.0.1',
    PARLEY_EGRESS_ALLOW: new URL(idp.issuer).host,
    PARLEY_SIGNUP: 'open',
  }
  server = await startServer({ env })
})
afterAll(async () => {
  await server.close()
  await idp.close()
})
beforeEach(() => {
  browser = new Browser()
})

function account(more: Record<string, unknown> = {}): { sub: string; email: string } {
  const sub = `worker-${++people}`
  const made = { sub, email: `${sub}@example.com`, email_verified: true, name: `Worker ${people}`, ...more }
  idp.accounts.push(made)
  return made as { sub: string; email: string }
}

/** Adds the identity provider to the workspace of whoever asks, under a client of its own. */
async function addProvider(as: Caller, more: Record<string, unknown> = {}): Promise<SignInProvider> {
  const { newProvider } = await as.json<SignInSettings>('GET', '/api/v1/workspace/sign-in')
  const secret = `the secret of client ${++people}`
  idp.register({ id: newProvider.id, secret, redirectUris: [newProvider.redirectUri] })
  return as.json('POST', '/api/v1/sign-in-providers', {
    id: newProvider.id,
    kind: 'oidc',
    name: 'Team',
    issuer: idp.issuer,
    clientId: newProvider.id,
    clientSecret: secret,
    ...more,
  })
}

async function refused(as: Caller, method: string, path: string, body: unknown): Promise<Problem> {
  const response = await as.fetch(`/api/v1/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.ok).toBe(false)
  return (await response.json()) as Problem
}

async function me(as = browser, headers: Record<string, string> = {}): Promise<{ status: number; user: User }> {
  const response = await as.fetch(`${server.url}/api/v1/me`, { headers })
  return { status: response.status, user: (await response.json()) as User }
}

async function roleOf(login: string, providerId: string): Promise<string> {
  browser = new Browser()
  expect(await signInThrough(server, browser, providerId, login)).toBe('/')
  return (await me()).user.workspace.role
}

describe('a provider that a workspace adds', () => {
  test('is tried first; its secret is sealed and told to nobody', async () => {
    const provider = await addProvider(server.owner)
    expect(provider).toMatchObject({ source: 'workspace', hasSecret: true, verdict: { ok: true, code: 'ok' } })
    expect(provider.redirectUri).toBe(`${server.url}/api/v1/auth/callback/${provider.id}`)
    const row = await server.platform.db
      .selectFrom('signInProviders')
      .selectAll()
      .where('id', '=', provider.id)
      .executeTakeFirstOrThrow()
    expect(JSON.stringify(row)).not.toContain('the secret of')
    const listed = await server.owner.json<Page<SignInProvider>>('GET', '/api/v1/sign-in-providers')
    expect(JSON.stringify(listed)).not.toContain('the secret of')
    await server.owner.json('DELETE', `/api/v1/sign-in-providers/${provider.id}`)
  })

  test('is refused where it does not work, with the field and what to do', async () => {
    const { newProvider } = await server.owner.json<SignInSettings>('GET', '/api/v1/workspace/sign-in')
    idp.register({ id: 'strict', secret: 'the right secret', redirectUris: [newProvider.redirectUri] })
    const body = { id: newProvider.id, kind: 'oidc', name: 'Team', issuer: idp.issuer, clientId: 'strict' }
    const add = (more: object) => refused(server.owner, 'POST', 'sign-in-providers', { ...body, ...more })
    const pointer = ({ code, errors }: Problem) => [code, errors?.[0]?.pointer]
    expect(pointer(await add({ clientSecret: 'a wrong secret' }))).toEqual(['unprocessable', '/clientSecret'])
    expect(pointer(await add({ issuer: `${idp.issuer}/nothing` }))).toEqual(['unprocessable', '/issuer'])
    // P14: what the operator did not open is not reached, not even with "save anyway".
    for (const issuer of ['http://10.1.2.3/realm', 'https://10.1.2.3/realm', 'https://169.254.169.254/']) {
      expect(pointer(await add({ issuer, force: true }))).toEqual(['egress_refused', '/issuer'])
    }
    // Nor is what comes over the internet without TLS.
    expect(pointer(await add({ issuer: 'http://id.example.com' }))).toEqual(['unprocessable', '/issuer'])
    expect(pointer(await add({ issuer: undefined }))).toEqual(['invalid_request', '/issuer'])
    expect(pointer(await add({ kind: 'google', issuer: undefined }))).toEqual(['invalid_request', '/clientSecret'])
    const shared = { kind: 'microsoft', issuer: undefined, tenant: 'common', clientSecret: 'x', trustsEmail: true }
    expect(pointer(await add(shared))).toEqual(['invalid_request', '/trustsEmail'])
    expect((await server.owner.json<Page<SignInProvider>>('GET', '/api/v1/sign-in-providers')).data).toEqual([])
  })

  test('keeps its secret from another address', async () => {
    const provider = await addProvider(server.owner)
    const moved = await refused(server.owner, 'PATCH', `sign-in-providers/${provider.id}`, {
      issuer: 'https://elsewhere.example',
    })
    expect(moved.errors).toEqual([{ pointer: '/clientSecret', message: expect.any(String) }])
    const renamed = await server.owner.json<SignInProvider>('PATCH', `/api/v1/sign-in-providers/${provider.id}`, {
      name: 'Renamed',
    })
    expect(renamed).toMatchObject({ name: 'Renamed', issuer: idp.issuer, hasSecret: true })
    await server.owner.json('DELETE', `/api/v1/sign-in-providers/${provider.id}`)
  })

  test('signs nobody in once it is removed, though they began before', async () => {
    const provider = await addProvider(server.owner)
    const back = await logInThere(server, browser, await begin(server, browser, provider.id), account().sub)
    await server.owner.json('DELETE', `/api/v1/sign-in-providers/${provider.id}`)
    expect(problemAt(await bringBack(server, browser, back))).toBe('provider_gone')
    await expect(begin(server, browser, provider.id)).rejects.toThrow('not_found')
  })
})

describe('rules', () => {
  const rules: ClaimRule[] = [
    { claim: 'groups', value: 'admins', role: 'admin' },
    { claim: 'realm_access.roles', value: 'reader', role: 'viewer' },
    { claim: 'groups', value: 'bosses', role: 'owner' },
  ]
  const patch = (id: string, body: object) =>
    server.owner.json<SignInProvider>('PATCH', `/api/v1/sign-in-providers/${id}`, body)

  test('give the highest role that fits, at every sign-in, and take it back', async () => {
    const provider = await addProvider(server.owner, { rules, defaultRole: null })
    const person = account({ groups: ['admins', 'others'], realm_access: { roles: ['reader'] } })
    const set = (claims: object) => Object.assign(idp.accounts.find(({ sub }) => sub === person.sub)!, claims)
    expect(await roleOf(person.sub, provider.id)).toBe('admin')
    set({ groups: ['others'] })
    expect(await roleOf(person.sub, provider.id)).toBe('viewer')
    set({ groups: 'bosses' })
    expect(await roleOf(person.sub, provider.id)).toBe('owner')
    set({ groups: ['admins'] })
    expect(await roleOf(person.sub, provider.id)).toBe('admin')

    // Nothing fits any more: the role that a rule gave is gone, and so is the session.
    const before = browser
    set({ groups: [], realm_access: {} })
    browser = new Browser()
    expect(problemAt(await signInThrough(server, browser, provider.id, person.sub))).toBe('not_admitted')
    expect((await me(before)).status).toBe(401)
    await patch(provider.id, { defaultRole: 'viewer' })
    set({ groups: ['admins'] })
    expect(await roleOf(person.sub, provider.id)).toBe('admin')
    set({ groups: [] })
    expect(await roleOf(person.sub, provider.id)).toBe('viewer')
    await server.owner.json('DELETE', `/api/v1/sign-in-providers/${provider.id}`)
  })

  test('never take the last owner away, and leave owners alone unless they are about owners', async () => {
    const provider = await addProvider(server.owner, { rules: rules.slice(0, 2) })
    const { email, password: ownPassword } = server.owner
    const owner = account({ email, groups: ['admins'] })
    await signInThrough(server, browser, provider.id, owner.sub)
    await browser.fetch(`${server.url}/api/v1/auth/connection`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: JSON.stringify({ password: ownPassword }),
    })
    expect(await roleOf(owner.sub, provider.id)).toBe('owner')
    await patch(provider.id, { rules })
    expect(await roleOf(owner.sub, provider.id)).toBe('owner')
    await server.owner.json('DELETE', `/api/v1/sign-in-providers/${provider.id}`)
  })

  test('that make owners are for owners to write', async () => {
    const register = { email: 'deputy@example.com', password, name: 'Dana Deputy' }
    const { accessToken, user } = await server.anyone.json<{ accessToken: string; user: User }>(
      'POST',
      '/api/v1/auth/register',
      register,
    )
    await server.owner.json('PUT', `/api/v1/roles/admin/members/${user.id}`)
    const admin = callerFor(server.url, { authorization: `Bearer ${accessToken}` })
    const provider = await addProvider(admin, { rules: rules.slice(0, 2) })
    expect((await refused(admin, 'PATCH', `sign-in-providers/${provider.id}`, { rules })).code).toBe('forbidden')
    await patch(provider.id, { rules })
    // Nor may they change who it is that says who the owners are.
    const change = { issuer: idp.issuer, clientId: 'mine' }
    expect((await refused(admin, 'PATCH', `sign-in-providers/${provider.id}`, change)).code).toBe('forbidden')
    const dropped = { rules: [] }
    expect((await refused(admin, 'PATCH', `sign-in-providers/${provider.id}`, dropped)).code).toBe('forbidden')
    await server.owner.json('DELETE', `/api/v1/sign-in-providers/${provider.id}`)
  })
})

describe('P6: a provider vouches for its own workspace alone', () => {
  let other: Caller
  let otherId: string
  let provider: SignInProvider

  beforeAll(async () => {
    const person = { email: 'head@other.example', name: 'Holly Head', passwordHash: await hashPassword(password) }
    const { workspaceId } = await inTransaction(server.platform, (tx) => makeOwner(tx, person, 'Other team'))
    otherId = workspaceId
    const { accessToken } = await server.anyone.json<{ accessToken: string }>('POST', '/api/v1/auth/login', {
      email: person.email,
      password,
    })
    other = callerFor(server.url, { authorization: `Bearer ${accessToken}` })
    provider = await addProvider(other, { name: 'Theirs' })
    await other.json('PATCH', '/api/v1/workspace/sign-in', { domains: ['*'] })
  })

  test('it is offered on the sign-in page of that workspace, and on no other', async () => {
    const options = (query: string) =>
      server.anyone.json<{ providers: { id: string }[] }>('GET', `/api/v1/auth/options${query}`)
    expect((await options('')).providers).toEqual([])
    expect((await options(`?workspaceId=${otherId}`)).providers).toEqual([
      { id: provider.id, kind: 'oidc', name: 'Theirs' },
    ])
    await expect(begin(server, browser, provider.id)).rejects.toThrow('not_found')
  })

  test('who signs in by it gets into that workspace, and not into another of theirs', async () => {
    // The owner of the first workspace has an account there too, and says so with the password.
    const { email, password: ownPassword, signedIn } = server.owner
    const twin = account({ email })
    const into = { workspaceId: otherId }
    expect(await signInThrough(server, browser, provider.id, twin.sub, into)).toBe('/login/connect')
    const connected = await browser.fetch(`${server.url}/api/v1/auth/connection`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url },
      body: JSON.stringify({ password: ownPassword }),
    })
    expect(connected.status).toBe(200)
    expect((await me()).user.workspace).toMatchObject({ id: otherId, role: 'member' })
    const home = signedIn.user.workspace.id
    expect((await me(browser, { 'parley-workspace': home })).status).toBe(404)
    // And changes nothing of how they sign in elsewhere.
    const start = await browser.fetch(`${server.url}/api/v1/me/connected-accounts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: server.url, 'parley-client': 'test' },
      body: JSON.stringify({ providerId: provider.id }),
    })
    expect(((await start.json()) as Problem).code).toBe('forbidden')
  })

  test('its rules say nothing about other workspaces', async () => {
    await other.json('PATCH', `/api/v1/sign-in-providers/${provider.id}`, {
      rules: [{ claim: 'groups', value: '*', role: 'owner' }],
    })
    const person = account({ groups: ['x'] })
    const into = { workspaceId: otherId }
    await signInThrough(server, browser, provider.id, person.sub, into)
    const { user } = await me()
    expect(user.workspace).toMatchObject({ id: otherId, role: 'owner' })
    const all = await server.platform.db
      .selectFrom('memberships')
      .select('workspaceId')
      .where('userId', '=', user.id)
      .execute()
    expect(all).toEqual([{ workspaceId: otherId }])
  })
})
