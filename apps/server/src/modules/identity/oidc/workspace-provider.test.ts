import type {
  ClaimRule,
  Group,
  GroupMember,
  Page,
  Problem,
  Scope,
  SignInProvider,
  SignInSettings,
  User,
  WorkspaceRole,
} from '@parley/contract'
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
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
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

describe('removing a provider', () => {
  test('ends the sessions that it began, and no others; its people and their roles stay', async () => {
    const rules: ClaimRule[] = [{ claim: 'groups', value: 'x', role: 'admin' }]
    const [gone, kept] = [await addProvider(server.owner, { rules }), await addProvider(server.owner)]
    const person = account({ groups: ['x'] })
    expect(await roleOf(person.sub, gone.id)).toBe('admin')
    const ended = browser
    expect(await roleOf(person.sub, kept.id)).toBe('admin')
    const open = browser
    const { id } = (await me(open)).user
    const { accessToken } = await server.anyone.json<{ accessToken: string }>('POST', '/api/v1/auth/login', {
      email: server.owner.email,
      password: server.owner.password,
    })
    const other = callerFor(server.url, { authorization: `Bearer ${accessToken}` })
    expect((await me(ended)).status).toBe(200)
    await server.owner.json('DELETE', `/api/v1/sign-in-providers/${gone.id}`)
    expect((await me(ended)).status).toBe(401)
    expect((await me(open)).status).toBe(200)
    expect((await other.fetch('/api/v1/me')).status).toBe(200)
    const { db } = server.platform
    expect(await db.selectFrom('sessions').select('id').where('providerId', '=', gone.id).execute()).toEqual([])
    const membership = await db
      .selectFrom('memberships')
      .select(['role', 'managedBy'])
      .where('userId', '=', id)
      .executeTakeFirstOrThrow()
    expect(membership).toEqual({ role: 'admin', managedBy: null })
    // A session that began in the very moment of the removal is no good either.
    await db.updateTable('sessions').set({ providerId: gone.id }).where('providerId', '=', kept.id).execute()
    const late = new Browser()
    expect(await signInThrough(server, late, kept.id, person.sub)).toBe('/')
    await db.updateTable('sessions').set({ providerId: gone.id }).where('providerId', '=', kept.id).execute()
    expect((await me(late)).status).toBe(401)
    await server.owner.json('DELETE', `/api/v1/sign-in-providers/${kept.id}`)
  })

  test('is refused to whoever is signed in through it', async () => {
    const rules: ClaimRule[] = [{ claim: 'groups', value: 'x', role: 'admin' }]
    const provider = await addProvider(server.owner, { rules })
    expect(await roleOf(account({ groups: ['x'] }).sub, provider.id)).toBe('admin')
    const removal = await browser.fetch(`${server.url}/api/v1/sign-in-providers/${provider.id}`, {
      method: 'DELETE',
      headers: { origin: server.url, 'parley-client': 'test' },
    })
    expect(((await removal.json()) as Problem).code).toBe('conflict')
    expect((await me()).status).toBe(200)
    await server.owner.json('DELETE', `/api/v1/sign-in-providers/${provider.id}`)
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

  test('give roles of the workspace’s own making, after admin and before member, the one that allows most', async () => {
    const make = (name: string, scopes: Scope[]) =>
      server.owner.json<WorkspaceRole>('POST', '/api/v1/roles', { name, scopes })
    const desk = await make('Desk', ['conversations:read'])
    const lead = await make('Lead', ['conversations:read', 'files:read'])
    const provider = await addProvider(server.owner, {
      rules: [
        { claim: 'groups', value: 'admins', role: 'admin' },
        { claim: 'groups', value: 'staff', role: 'member' },
        { claim: 'groups', value: 'desk', role: desk.id },
        { claim: 'groups', value: 'lead', role: lead.id },
      ],
      defaultRole: 'viewer',
    })
    const person = account({ groups: ['staff', 'lead', 'desk'] })
    const set = (groups: string[]) => Object.assign(idp.accounts.find(({ sub }) => sub === person.sub)!, { groups })
    const held = async () => {
      const role = await roleOf(person.sub, provider.id)
      return (await me()).user.workspace.customRole?.name ?? role
    }
    expect(await held()).toBe('Lead')
    expect((await me()).user.emailVerified).toBe(true)
    set(['staff', 'desk'])
    expect(await held()).toBe('Desk')
    expect((await me()).user.scopes).toEqual(['conversations:read', 'account:read'])
    set(['staff', 'desk', 'admins'])
    expect(await held()).toBe('admin')
    set(['staff'])
    expect(await held()).toBe('member')
    set([])
    expect(await held()).toBe('viewer')

    // A role that a rule gives is in use; what takes its place is what the rule gives.
    expect((await refused(server.owner, 'DELETE', `roles/${desk.id}`, undefined)).code).toBe('role_in_use')
    await server.owner.json('DELETE', `/api/v1/roles/${desk.id}?replacement=${lead.id}`)
    set(['desk'])
    expect(await held()).toBe('Lead')
    const { rules: after } = (
      await server.owner.json<Page<SignInProvider>>('GET', '/api/v1/sign-in-providers')
    ).data.find(({ id }) => id === provider.id)!
    expect(after.map(({ role }) => role)).toEqual(['admin', 'member', lead.id, lead.id])
    await server.owner.json('DELETE', `/api/v1/sign-in-providers/${provider.id}`)
  })

  test('put people into groups and take them out, and leave those where somebody else put them', async () => {
    const make = (name: string) => server.owner.json<Group>('POST', '/api/v1/groups', { name })
    const [one, two, byHand] = [await make('Engineers'), await make('Chess'), await make('Choir')]
    const rule = (value: string, { id: groupId }: Group) => ({ claim: 'groups', value, groupId })
    const provider = await addProvider(server.owner, {
      rules: [rule('eng', one), rule('chess', two), rule('choir', byHand)],
      // Rules about groups let nobody in and keep nobody out.
      defaultRole: null,
    })
    await server.owner.json('PATCH', '/api/v1/workspace/sign-in', { domains: ['example.com'] })
    const person = account({ groups: ['eng', 'chess'] })
    const set = (groups: string[]) => Object.assign(idp.accounts.find(({ sub }) => sub === person.sub)!, { groups })
    const signIn = async (among = [one, two, byHand]) => {
      expect(await roleOf(person.sub, provider.id)).toBe('member')
      const { id } = (await me()).user
      const groups = among.map(async (group) => {
        const { data } = await server.owner.json<Page<GroupMember>>('GET', `/api/v1/groups/${group.id}/members`)
        return data.some((member) => member.id === id) ? [group.name] : []
      })
      return (await Promise.all(groups)).flat()
    }
    expect(await signIn()).toEqual(['Engineers', 'Chess'])
    const { id } = (await me()).user
    await server.owner.json('PUT', `/api/v1/groups/${byHand.id}/members/${id}`)
    set(['chess', 'choir'])
    expect(await signIn()).toEqual(['Chess', 'Choir'])
    set(['chess'])
    expect(await signIn()).toEqual(['Chess', 'Choir'])
    // Put in by hand as well, they stay.
    await server.owner.json('PUT', `/api/v1/groups/${two.id}/members/${id}`)
    set([])
    expect(await signIn()).toEqual(['Chess', 'Choir'])
    set(['eng'])
    expect(await signIn()).toEqual(['Engineers', 'Chess', 'Choir'])
    // A group that is gone gives nothing, and a new rule cannot name it.
    await server.owner.json('DELETE', `/api/v1/groups/${one.id}`)
    expect(await signIn([two, byHand])).toEqual(['Chess', 'Choir'])
    await patch(provider.id, { name: 'Renamed' })
    const again = await refused(server.owner, 'PATCH', `sign-in-providers/${provider.id}`, { rules: [rule('x', one)] })
    expect([again.code, again.errors?.[0]?.pointer]).toEqual(['invalid_request', '/rules/0/groupId'])
    const both = { claim: 'a', value: 'b', role: 'member', groupId: two.id }
    for (const wrong of [both, { claim: 'a', value: 'b' }, { claim: 'a', value: 'b', role: 'king' }]) {
      const problem = await refused(server.owner, 'PATCH', `sign-in-providers/${provider.id}`, { rules: [wrong] })
      expect(problem.code).toBe('invalid_request')
    }
    await server.owner.json('PATCH', '/api/v1/workspace/sign-in', { domains: [] })
    await server.owner.json('DELETE', `/api/v1/sign-in-providers/${provider.id}`)
  })

  test('are written only by those who could give the same by hand', async () => {
    const clerks = await server.owner.json<WorkspaceRole>('POST', '/api/v1/roles', {
      name: 'Clerk',
      scopes: ['workspace:manage', 'people:read', 'conversations:read', 'files:read'],
    })
    const strong = await server.owner.json<WorkspaceRole>('POST', '/api/v1/roles', {
      name: 'Strong',
      scopes: ['models:manage'],
    })
    const group = await server.owner.json<Group>('POST', '/api/v1/groups', { name: 'Board' })
    const person = { email: 'clerk@example.com', password, name: 'Cleo Clerk' }
    const { accessToken, user } = await server.anyone.json<{ accessToken: string; user: User }>(
      'POST',
      '/api/v1/auth/register',
      person,
    )
    await server.owner.json('PUT', `/api/v1/roles/${clerks.id}/members/${user.id}`)
    const clerk = callerFor(server.url, { authorization: `Bearer ${accessToken}` })
    const provider = await addProvider(clerk, { defaultRole: null })
    const write = (rule: object) =>
      refused(clerk, 'PATCH', `sign-in-providers/${provider.id}`, { rules: [{ claim: 'a', value: 'b', ...rule }] })
    expect((await write({ role: strong.id })).code).toBe('forbidden')
    expect((await write({ role: 'admin' })).code).toBe('forbidden')
    expect((await write({ groupId: group.id })).code).toBe('forbidden')
    await clerk.json('PATCH', `/api/v1/sign-in-providers/${provider.id}`, {
      rules: [{ claim: 'a', value: 'b', role: clerks.id }],
    })
    // Nor may they change who it is that decides about a role that they do not have.
    await patch(provider.id, { rules: [{ claim: 'a', value: 'b', groupId: group.id }] })
    expect((await refused(clerk, 'PATCH', `sign-in-providers/${provider.id}`, { name: 'Mine' })).code).toBe('forbidden')
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
