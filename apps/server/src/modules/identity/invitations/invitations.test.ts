import type { ApiKey, Invitation, LinkInfo, Page, Person, Problem, SignedIn, User, Workspace } from '@parley/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../platform/context.ts'
import { type MailServer, startMailServer } from '../../../testing/mail-server.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'

let server: TestServer
let smtp: MailServer
let people = 0
let requests = 0

beforeAll(async () => {
  smtp = await startMailServer()
  server = await startServer({ env: { ...smtp.env, PARLEY_TRUSTED_PROXIES: '127.0.0.1' } })
  await server.server.working()
})
afterAll(async () => {
  await server.close()
  await smtp.close()
})
afterEach(() => {
  server.platform.clock = systemClock
})

const password = 'correct horse battery'
const json = { 'content-type': 'application/json' }

async function send<T = Problem>(caller: Caller, method: string, path: string, body?: unknown) {
  const response = await caller.fetch(`/api/v1/${path}`, {
    method,
    // Each from an address of its own, so that none is slowed down.
    headers: { 'x-forwarded-for': `198.52.${requests >> 8}.${++requests & 255}`, ...(body === undefined ? {} : json) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T }
}

const post = <T = Problem>(caller: Caller, path: string, body: unknown) => send<T>(caller, 'POST', path, body)
const tokenOf = (link: string) => new URL(link).hash.replace('#token=', '')
const bearer = (token: string) => callerFor(server.url, { authorization: `Bearer ${token}` })
const newEmail = () => `invited-${++people}@example.com`

async function invite(body: { email?: string; role?: string; maxUses?: number; expiresInDays?: number }, by: Caller) {
  return post<Invitation>(by, 'invitations', { role: 'member', ...body })
}

type Someone = Caller & { email: string; id: string; signedIn: SignedIn }

/** Somebody new in the owner's workspace. */
async function makePerson(role = 'member', by: Caller = server.owner): Promise<Someone> {
  const email = newEmail()
  expect((await invite({ email, role }, by)).status).toBe(201)
  const invitation = tokenOf((await smtp.next(email)).link)
  const made = await post<SignedIn>(server.anyone, 'auth/register', { invitation, name: `Pat ${people}`, password })
  expect(made.status).toBe(201)
  return { ...bearer(made.body.accessToken), email, id: made.body.user.id, signedIn: made.body }
}

/** The owner of another workspace of this server. */
async function makeStranger(): Promise<Someone> {
  const person = await makePerson('owner')
  const workspace = await post<Workspace>(person, 'workspaces', { name: 'Elsewhere' })
  await send(person, 'PUT', 'me/workspace', { workspaceId: workspace.body.id })
  await send(server.owner, 'DELETE', `people/${person.id}`)
  const again = await post<SignedIn>(server.anyone, 'auth/login', { email: person.email, password })
  // It came from another address, and with no cookie.
  expect((await smtp.next(person.email)).subject).toBe('New sign-in to your account')
  return { ...person, ...bearer(again.body.accessToken), signedIn: again.body }
}

describe('an invitation by mail', () => {
  test('makes an account with the role, for the address it was sent to, once', async () => {
    const email = newEmail()
    const made = await invite({ email, role: 'viewer' }, server.owner)
    expect(made.body).toMatchObject({ email, role: { id: 'viewer', name: 'Viewer' }, state: 'open', url: null })
    const mail = await smtp.next(email)
    expect(mail.subject).toBe('Olivia Owner invites you to Test team')
    const token = tokenOf(mail.link)
    const info = await post<LinkInfo>(server.anyone, 'auth/links', { token })
    expect(info.body).toMatchObject({
      kind: 'invitation',
      email,
      hasAccount: false,
      invitation: { workspace: 'Test team', invitedBy: 'Olivia Owner', role: 'Viewer' },
    })
    const body = { invitation: token, name: 'Vera', password, email: 'another@example.com' }
    const joined = await post<SignedIn>(server.anyone, 'auth/register', body)
    expect(joined.body.user).toMatchObject({ email, emailVerified: true, workspace: { role: 'viewer' } })
    expect((await post(server.anyone, 'auth/register', body)).body.code).toBe('link_invalid')
    const all = await server.owner.json<Page<Invitation>>('GET', '/api/v1/invitations?state=all')
    expect(all.data.find(({ id }) => id === made.body.id)).toMatchObject({ state: 'accepted', uses: 1 })
    const waiting = await server.owner.json<Page<Invitation>>('GET', '/api/v1/invitations')
    expect(waiting.data.find(({ id }) => id === made.body.id)).toBeUndefined()
  })

  test('expires, is renewed with the same link, and works no more once revoked', async () => {
    const email = newEmail()
    const made = await invite({ email, expiresInDays: 2 }, server.owner)
    const token = tokenOf((await smtp.next(email)).link)
    let owner: Caller = server.owner
    const resend = () => post<Invitation>(owner, `invitations/${made.body.id}/resend`, undefined)
    expect((await resend()).status).toBe(429)
    server.platform.clock = { now: () => new Date(Date.now() + 2 * 24 * 3600_000 + 1000) }
    expect((await post(server.anyone, 'auth/links', { token })).body.code).toBe('link_invalid')
    // The owner's access token has expired as well by then.
    const account = { email: server.owner.email, password: server.owner.password }
    owner = bearer((await post<SignedIn>(server.anyone, 'auth/login', account)).body.accessToken)
    expect((await resend()).body).toMatchObject({ state: 'open' })
    expect(tokenOf((await smtp.next(email)).link)).toBe(token)
    expect((await post(server.anyone, 'auth/links', { token })).status).toBe(200)
    expect((await send(owner, 'DELETE', `invitations/${made.body.id}`)).status).toBe(204)
    expect((await post(server.anyone, 'auth/links', { token })).body.code).toBe('link_invalid')
    expect((await resend()).body).toMatchObject({ code: 'conflict' })
    expect((await send(owner, 'DELETE', `invitations/${made.body.id}`)).status).toBe(404)
  })

  test('is made once per address, and not for who is here', async () => {
    const email = newEmail()
    const both = await Promise.all([invite({ email }, server.owner), invite({ email }, server.owner)])
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409])
    const here = await invite({ email: server.owner.email }, server.owner)
    expect(here.body).toMatchObject({ code: 'conflict', errors: [{ pointer: '/email' }] })
  })

  test('is accepted with the account of that address alone, which is in both workspaces then', async () => {
    const [stranger, other] = [await makeStranger(), await makeStranger()]
    await invite({ email: stranger.email, role: 'admin' }, server.owner)
    const token = tokenOf((await smtp.next(stranger.email)).link)
    const info = await post<LinkInfo>(server.anyone, 'auth/links', { token })
    expect(info.body.hasAccount).toBe(true)
    const wrong = await post(other, 'me/invitations', { token })
    expect([wrong.status, wrong.body.code]).toEqual([403, 'forbidden'])
    const joined = await post<Workspace>(stranger, 'me/invitations', { token })
    expect(joined.body).toMatchObject({ name: 'Test team', role: 'admin' })
    const mine = await stranger.json<{ data: Workspace[] }>('GET', '/api/v1/workspaces')
    expect(mine.data.map(({ name, role }) => [name, role])).toEqual([
      ['Elsewhere', 'owner'],
      ['Test team', 'admin'],
    ])
    expect((await post(stranger, 'me/invitations', { token })).body.code).toBe('link_invalid')
  })
})

describe('an invitation by link', () => {
  test('is for as many as it says, each confirming an address first', async () => {
    const made = await invite({ maxUses: 2 }, server.owner)
    expect(made.body.url).toMatch(/\/invitation#token=[\w-]{43}$/)
    const token = tokenOf(made.body.url!)
    const direct = { invitation: token, email: newEmail(), name: 'X', password }
    expect((await post(server.anyone, 'auth/register', direct)).body.code).toBe('email_unverified')
    const links: string[] = []
    for (let index = 0; index < 3; index++) {
      const email = newEmail()
      expect((await post(server.anyone, 'auth/sign-up', { email, invitation: token })).status).toBe(204)
      links.push(tokenOf((await smtp.next(email)).link))
    }
    const joining = links.map((link) => post<SignedIn>(server.anyone, 'auth/register', { link, name: 'Lin', password }))
    const statuses = (await Promise.all(joining)).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([201, 201, 410])
    expect((await post(server.anyone, 'auth/links', { token })).status).toBe(410)
  })

  test('who is here already uses up nothing', async () => {
    const person = await makePerson()
    const made = await invite({ maxUses: 1 }, server.owner)
    const token = tokenOf(made.body.url!)
    expect((await post(person, 'me/invitations', { token })).status).toBe(200)
    expect((await post(server.anyone, 'auth/links', { token })).status).toBe(200)
  })
})

describe('roles', () => {
  test('nobody invites to a role above their own, nor resends such an invitation', async () => {
    const admin = await makePerson('admin')
    expect((await invite({ role: 'owner' }, admin)).body).toMatchObject({ code: 'forbidden' })
    const toOwner = await invite({ role: 'owner' }, server.owner)
    const resent = await post(admin, `invitations/${toOwner.body.id}/resend`, undefined)
    expect(resent.body.code).toBe('forbidden')
    const member = await makePerson()
    expect((await invite({}, member)).body).toMatchObject({ code: 'forbidden' })
    const key = await post<ApiKey & { key: string }>(server.owner, 'api-keys', { name: 'K', scopes: ['people:manage'] })
    expect((await invite({ role: 'member' }, bearer(key.body.key))).body).toMatchObject({ code: 'forbidden' })
  })

  test('invitations of who is demoted or removed do not let anybody in', async () => {
    const admin = await makePerson('admin')
    const first = await invite({ role: 'admin' }, admin)
    await send(server.owner, 'PUT', `roles/member/members/${admin.id}`)
    expect((await post(server.anyone, 'auth/links', { token: tokenOf(first.body.url!) })).status).toBe(410)
    await send(server.owner, 'PUT', `roles/admin/members/${admin.id}`)
    const second = await invite({ role: 'admin' }, admin)
    await send(server.owner, 'DELETE', `people/${admin.id}`)
    expect((await post(server.anyone, 'auth/links', { token: tokenOf(second.body.url!) })).status).toBe(410)
  })
})

describe('people', () => {
  test('are listed by name in pages, and found by part of name or address', async () => {
    for (let index = 0; index < 3; index++) await makePerson()
    const seen: Person[] = []
    let cursor: string | null = null
    do {
      const query = `limit=2${cursor === null ? '' : `&cursor=${cursor}`}`
      const page: Page<Person> = await server.owner.json('GET', `/api/v1/people?${query}`)
      expect(page.data.length).toBeLessThanOrEqual(2)
      seen.push(...page.data)
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
    const names = seen.map(({ name }) => name.toLowerCase())
    expect(names).toEqual(names.toSorted())
    const found = await server.owner.json<Page<Person>>('GET', '/api/v1/people?search=OLIVIA')
    expect(found.data.map(({ email }) => email)).toEqual([server.owner.email])
    // What stands for anything in a pattern stands for itself.
    expect((await server.owner.json<Page<Person>>('GET', '/api/v1/people?search=%25')).data).toEqual([])
    expect((await server.owner.json<Page<Person>>('GET', '/api/v1/people?search=_')).data).toEqual([])
  })

  test('who is removed is out at once: session, refresh token, key; and is in again only by a new invitation', async () => {
    const person = await makePerson()
    const key = await post<ApiKey & { key: string }>(person, 'api-keys', { name: 'Key' })
    expect((await send(bearer(key.body.key), 'GET', 'me')).status).toBe(200)
    expect((await send(person, 'GET', 'me')).status).toBe(200)
    expect((await send(server.owner, 'DELETE', `people/${person.id}`)).status).toBe(204)
    expect((await send(person, 'GET', 'me')).status).toBe(401)
    expect((await send(bearer(key.body.key), 'GET', 'me')).status).toBe(401)
    const { refreshToken } = person.signedIn
    expect((await post(server.anyone, 'auth/refresh', { refreshToken })).status).toBe(401)
    expect((await post(server.anyone, 'auth/login', { email: person.email, password })).status).toBe(401)
    expect((await send(server.owner, 'GET', `people/${person.id}`)).status).toBe(404)
    const invitation = await invite({ email: person.email }, server.owner)
    expect(invitation.status).toBe(201)
    const token = tokenOf((await smtp.next(person.email)).link)
    expect((await post(server.anyone, 'auth/links', { token })).body).toMatchObject({ hasAccount: true })
    // The key of before stays revoked.
    expect((await send(bearer(key.body.key), 'GET', 'me')).status).toBe(401)
  })

  test('an admin does not remove an owner; the last owner neither leaves nor is removed, also at once', async () => {
    const admin = await makePerson('admin')
    const ownerId = server.owner.signedIn.user.id
    expect((await send(admin, 'DELETE', `people/${ownerId}`)).body.code).toBe('forbidden')
    expect((await post(server.owner, 'workspace/leave', undefined)).body.code).toBe('conflict')
    const stranger = await makeStranger()
    const [a, b] = [await makeStranger(), await makeStranger()]
    for (const person of [a, b]) {
      await invite({ email: person.email, role: 'owner' }, stranger)
      await post(person, 'me/invitations', { token: tokenOf((await smtp.next(person.email)).link) })
    }
    // Three owners: each removes another, leaves, or steps down, at the same time. One stays.
    const there = { 'parley-workspace': stranger.signedIn.user.workspace.id }
    const [c, d, e] = [stranger, a, b].map(({ headers }) => callerFor(server.url, { ...headers, ...there }))
    const answers = await Promise.all([
      send(c!, 'DELETE', `people/${a.id}`),
      send(d!, 'DELETE', `people/${b.id}`),
      post(e!, 'workspace/leave', undefined),
      post(c!, 'workspace/leave', undefined),
      send(d!, 'PUT', `roles/member/members/${a.id}`),
    ])
    expect(answers.filter(({ status }) => status < 300).length).toBeGreaterThanOrEqual(2)
    const { count } = await server.platform.db
      .selectFrom('memberships')
      .select((row) => row.fn.countAll<string>().as('count'))
      .where('workspaceId', '=', stranger.signedIn.user.workspace.id)
      .where('role', '=', 'owner')
      .executeTakeFirstOrThrow()
    expect(Number(count)).toBeGreaterThanOrEqual(1)
  })

  test('of another workspace do not exist', async () => {
    const stranger = await makeStranger()
    const here = await makePerson()
    for (const method of ['GET', 'DELETE']) {
      expect((await send(stranger, method, `people/${here.id}`)).body.code).toBe('not_found')
    }
    const list = await stranger.json<Page<Person>>('GET', '/api/v1/people')
    expect(list.data.map(({ id }) => id)).toEqual([stranger.id])
    const made = await invite({}, server.owner)
    expect((await send(stranger, 'DELETE', `invitations/${made.body.id}`)).status).toBe(404)
    const elsewhere = { workspaceId: server.owner.signedIn.user.workspace.id }
    expect((await send(stranger, 'PUT', 'me/workspace', elsewhere)).body.code).toBe('not_found')
  })
})

describe('several workspaces', () => {
  test('the session remembers the one last used, and so does the next sign-in', async () => {
    const person = await makePerson('owner')
    const made = await post<Workspace>(person, 'workspaces', { name: 'Second' })
    expect(made.body).toMatchObject({ name: 'Second', role: 'owner' })
    const switched = await send<User>(person, 'PUT', 'me/workspace', { workspaceId: made.body.id })
    expect(switched.body.workspace).toMatchObject({ name: 'Second', role: 'owner' })
    const again = await post<SignedIn>(server.anyone, 'auth/refresh', { refreshToken: person.signedIn.refreshToken })
    expect(again.body.user.workspace.name).toBe('Second')
    const now = bearer(again.body.accessToken)
    await send(now, 'POST', 'auth/logout')
    const later = await post<SignedIn>(server.anyone, 'auth/login', { email: person.email, password })
    expect(later.body.user.workspace.name).toBe('Second')
    const caller = bearer(later.body.accessToken)
    await send(server.owner, 'DELETE', `people/${person.id}`)
    expect((await send<User>(caller, 'GET', 'me')).body.workspace.name).toBe('Second')
  })

  test('who leaves goes on in another one; who has no other is signed out', async () => {
    const stranger = await makeStranger()
    await invite({ email: stranger.email }, server.owner)
    await post(stranger, 'me/invitations', { token: tokenOf((await smtp.next(stranger.email)).link) })
    const login = await post<SignedIn>(server.anyone, 'auth/login', { email: stranger.email, password })
    expect(login.body.user.workspace.name).toBe('Test team')
    const left = await post<{ workspace: Workspace | null }>(
      bearer(login.body.accessToken),
      'workspace/leave',
      undefined,
    )
    expect(left.body.workspace).toMatchObject({ name: 'Elsewhere' })
    const person = await makePerson()
    const gone = await post<{ workspace: Workspace | null }>(person, 'workspace/leave', undefined)
    expect(gone.body.workspace).toBeNull()
    expect((await send(person, 'GET', 'me')).status).toBe(401)
  })

  test('are made by owners, and renamed by those who manage them', async () => {
    const member = await makePerson()
    expect((await post(member, 'workspaces', { name: 'Mine' })).body.code).toBe('forbidden')
    expect((await send(member, 'PATCH', 'workspace', { name: 'Ours' })).body.code).toBe('forbidden')
    const stranger = await makeStranger()
    const renamed = await send<Workspace>(stranger, 'PATCH', 'workspace', { name: 'Renamed' })
    expect(renamed.body).toMatchObject({ name: 'Renamed', role: 'owner' })
  })
})
