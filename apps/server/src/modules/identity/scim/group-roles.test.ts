import type {
  CreatedApiKey,
  Group,
  Page,
  Person,
  Problem,
  Scope,
  SignedIn,
  User,
  WorkspaceRole,
} from '@parley/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../platform/context.ts'
import { eventually } from '../../../testing/eventually.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'
import { hashPassword } from '../passwords.ts'
import { directoryBucket } from './throttle.ts'

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const password = 'a long test password'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely here
type Json = any
type Scim = (method: string, path: string, body?: unknown) => Promise<{ status: number; headers: Headers; body: Json }>

let server: TestServer
let scim: Scim
let scimTokenId: string
let count = 0

beforeAll(async () => {
  server = await startServer()
  const { id, token } = await makeToken(server.owner)
  scim = directory(token)
  scimTokenId = id
})
afterAll(() => server.close())

function makeToken(by: Caller): Promise<{ id: string; token: string }> {
  return by.json('POST', '/api/v1/scim-tokens', { name: 'Okta' })
}

function directory(token: string): Scim {
  return async (method, path, body) => {
    const response = await fetch(`${server.url}/scim/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
  }
}

async function makeUser(more: Record<string, unknown> = {}): Promise<string> {
  const userName = `person${++count}@example.com`
  const answer = await scim('POST', '/Users', { schemas: [userSchema], userName, ...more })
  expect(answer.status).toBe(201)
  return answer.body.id
}

async function makeGroup(...userIds: string[]): Promise<string> {
  const members = userIds.map((value) => ({ value }))
  const answer = await scim('POST', '/Groups', { schemas: [groupSchema], displayName: `Group ${++count}`, members })
  expect(answer.status).toBe(201)
  return answer.body.id
}

function makeRole(scopes: Scope[]): Promise<WorkspaceRole> {
  return server.owner.json('POST', '/api/v1/roles', { name: `Role ${++count}`, scopes })
}

const patch = (on: Scim, groupId: string, op: string, ...userIds: string[]) =>
  on('PATCH', `/Groups/${groupId}`, {
    schemas: [patchOp],
    Operations: [{ op, path: 'members', value: userIds.map((value) => ({ value })) }],
  })
const setActive = (on: Scim, id: string, value: boolean) =>
  on('PATCH', `/Users/${id}`, { schemas: [patchOp], Operations: [{ op: 'replace', path: 'active', value }] })
const setRole = (id: string, role: string | null, by: Caller = server.owner) =>
  by.json<Group>('PUT', `/api/v1/groups/${id}/role`, { role })

/** The role that counts, by id, and whether a group gives it. */
async function roleOf(id: string): Promise<string> {
  const { role, customRole, roleByGroup } = await server.owner.json<Person>('GET', `/api/v1/people/${id}`)
  return `${customRole?.id ?? role}${roleByGroup ? ' by a group' : ''}`
}

async function signIn(id: string): Promise<Caller> {
  const passwordHash = await hashPassword(password)
  const { db } = server.platform
  const { email } = await db
    .updateTable('users')
    .set({ passwordHash })
    .where('id', '=', id)
    .returning('email')
    .executeTakeFirstOrThrow()
  const { accessToken } = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/login', { email, password })
  return callerFor(server.url, { authorization: `Bearer ${accessToken}` })
}

/** The code of a refusal. */
async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return 'ok'
  } catch (error) {
    return (JSON.parse(/\{.*\}/.exec((error as Error).message)![0]) as Problem).code
  }
}

describe('a group that gives a role', () => {
  let role: WorkspaceRole
  beforeEach(async () => {
    role = await makeRole(['conversations:read', 'people:read'])
  })

  test('gives it to who is in it and who comes, and takes it back from who leaves', async () => {
    const [inIt, later] = [await makeUser(), await makeUser({ roles: [{ value: 'viewer' }] })]
    const group = await makeGroup(inIt)
    expect(await setRole(group, role.id)).toMatchObject({ id: group, role: { id: role.id, name: role.name } })
    expect(await roleOf(inIt)).toBe(`${role.id} by a group`)
    const caller = await signIn(later)
    await patch(scim, group, 'add', later)
    expect(await roleOf(later)).toBe(`${role.id} by a group`)
    expect((await caller.json<User>('GET', '/api/v1/me')).scopes).toContain('people:read')
    expect((await scim('GET', `/Users/${later}`)).body.roles).toEqual([{ value: role.name, primary: true }])
    await patch(scim, group, 'remove', later)
    expect(await roleOf(later)).toBe('viewer')
    await setRole(group, null)
    expect(await roleOf(inIt)).toBe('member')
    const { data } = await server.owner.json<Page<Group>>('GET', '/api/v1/groups?givesRole=yes')
    expect(data.some(({ id }) => id === group)).toBe(false)
  })

  test('counts by the highest: admin, roles of one’s own by what they allow, member, viewer', async () => {
    const wide = await makeRole(['conversations:read', 'files:read', 'models:read'])
    const person = await makeUser()
    const groups = [await makeGroup(), await makeGroup(), await makeGroup(), await makeGroup()]
    const given = ['viewer', role.id, wide.id, 'admin']
    for (const [at, id] of groups.entries()) await setRole(id, given[at]!)
    for (const [at, id] of groups.entries()) {
      await patch(scim, id, 'add', person)
      expect(await roleOf(person)).toBe(`${given[at]} by a group`)
    }
    for (const at of [3, 2, 1]) {
      await patch(scim, groups[at]!, 'remove', person)
      expect(await roleOf(person)).toBe(`${given[at - 1]} by a group`)
    }
    // Roles that allow more or less than before are looked at anew.
    await patch(scim, groups[1]!, 'add', person)
    await patch(scim, groups[2]!, 'add', person)
    await server.owner.json('PATCH', `/api/v1/roles/${role.id}`, {
      scopes: ['conversations:read', 'files:read', 'models:read', 'people:read'],
    })
    expect(await roleOf(person)).toBe(`${role.id} by a group`)
    await scim('DELETE', `/Groups/${groups[1]}`)
    expect(await roleOf(person)).toBe(`${wide.id} by a group`)
  })

  test('comes back with who comes back, and what they have besides is kept', async () => {
    const person = await makeUser({ roles: [{ value: 'viewer' }] })
    const group = await makeGroup(person)
    await setRole(group, role.id)
    await setActive(scim, person, false)
    await setActive(scim, person, true)
    expect(await roleOf(person)).toBe(`${role.id} by a group`)
    // Out of the group while they are kept out of the workspace.
    await setActive(scim, person, false)
    await patch(scim, group, 'remove', person)
    await setActive(scim, person, true)
    expect(await roleOf(person)).toBe('viewer')
  })

  test('is not made somebody’s own by a directory that repeats it; another role is kept for later', async () => {
    const person = await makeUser()
    const group = await makeGroup(person)
    await setRole(group, role.id)
    const { userName } = (await scim('GET', `/Users/${person}`)).body
    const put = (value: string) =>
      scim('PUT', `/Users/${person}`, { schemas: [userSchema], userName, title: value, roles: [{ value }] })
    expect((await put(role.name)).status).toBe(200)
    expect(await roleOf(person)).toBe(`${role.id} by a group`)
    expect((await put('viewer')).status).toBe(200)
    expect(await roleOf(person)).toBe(`${role.id} by a group`)
    await patch(scim, group, 'remove', person)
    expect(await roleOf(person)).toBe('viewer')
  })

  test('neither makes nor unmakes owners', async () => {
    const person = await makeUser()
    const group = await makeGroup(person)
    expect(await codeOf(setRole(group, 'owner'))).toBe('invalid_request')
    await setRole(group, 'viewer')
    expect(await roleOf(person)).toBe('viewer by a group')
    await server.owner.json('PUT', `/api/v1/roles/owner/members/${person}`)
    expect(await roleOf(person)).toBe('owner')
    for (const op of ['remove', 'add']) await patch(scim, group, op, person)
    expect(await roleOf(person)).toBe('owner')
    // Who is an owner no more has what the group gives.
    await server.owner.json('PUT', `/api/v1/roles/member/members/${person}`)
    expect(await roleOf(person)).toBe('viewer by a group')
    await patch(scim, group, 'remove', person)
    expect(await roleOf(person)).toBe('member')
  })

  test('is changed by the directory alone, and so is the role of its people', async () => {
    const [person, outsider] = [await makeUser(), await makeUser()]
    const group = await makeGroup(person)
    await setRole(group, role.id)
    const { owner } = server
    expect(await codeOf(owner.json('PUT', `/api/v1/groups/${group}/members/${outsider}`))).toBe('conflict')
    expect(await codeOf(owner.json('DELETE', `/api/v1/groups/${group}/members/${person}`))).toBe('conflict')
    expect(await codeOf(owner.json('DELETE', `/api/v1/groups/${group}`))).toBe('conflict')
    expect(await codeOf(owner.json('PUT', `/api/v1/roles/admin/members/${person}`))).toBe('conflict')
    expect(await roleOf(person)).toBe(`${role.id} by a group`)
    // The role is in use; what takes its place is what the group gives, but for owner.
    const remove = (query: string) => codeOf(owner.json('DELETE', `/api/v1/roles/${role.id}${query}`))
    expect(await remove('')).toBe('role_in_use')
    expect(await remove('?replacement=owner')).toBe('conflict')
    expect(await remove('?replacement=admin')).toBe('ok')
    expect(await roleOf(person)).toBe('admin by a group')
    await setRole(group, null)
    expect(await codeOf(owner.json('PUT', `/api/v1/groups/${group}/members/${outsider}`))).toBe('ok')
  })
})

describe('nobody gives by a group what they do not have', () => {
  test('neither by saying what it gives nor by a token that fills it', async () => {
    const clerks = await makeRole(['people:read', 'people:manage', 'workspace:manage', 'conversations:read'])
    const person = await makeUser()
    await server.owner.json('PUT', `/api/v1/roles/${clerks.id}/members/${person}`)
    const clerk = await signIn(person)
    const weak = directory((await makeToken(clerk)).token)
    const [group, plain, other] = [await makeGroup(), await makeGroup(), await makeUser()]
    expect(await codeOf(setRole(group, 'admin', clerk))).toBe('forbidden')
    await setRole(group, 'admin')
    expect(await codeOf(setRole(group, null, clerk))).toBe('forbidden')
    expect(await codeOf(setRole(plain, clerks.id, clerk))).toBe('ok')
    for (const id of [person, other]) expect((await patch(weak, group, 'add', id)).status).toBe(403)
    expect(await roleOf(person)).toBe(clerks.id)
    // Nor for somebody who comes in later.
    await setActive(scim, other, false)
    expect((await patch(weak, group, 'add', other)).status).toBe(403)
    await patch(scim, group, 'add', other)
    expect((await setActive(weak, other, true)).status).toBe(403)
    await setActive(scim, other, true)
    expect(await roleOf(other)).toBe('admin by a group')
    expect((await patch(weak, group, 'remove', other)).status).toBe(403)
    expect((await weak('DELETE', `/Groups/${group}`)).status).toBe(403)
    expect(await roleOf(other)).toBe('admin by a group')
    // A key with less than its maker is held to what it has.
    const { key } = await server.owner.json<CreatedApiKey>('POST', '/api/v1/api-keys', {
      name: 'People',
      scopes: ['people:manage', 'people:read'],
    })
    const withKey = callerFor(server.url, { authorization: `Bearer ${key}` })
    expect(await codeOf(setRole(plain, 'member', withKey))).toBe('forbidden')
    expect(await codeOf(setRole(crypto.randomUUID(), null, server.owner))).toBe('not_found')
  })
})

test('who is restored is still whom the sign-in rules gave the role, and the rules’ groups are theirs to give', async () => {
  const person = await makeUser()
  const { db } = server.platform
  const [byRules, byDirectory] = [await makeGroup(), await makeGroup(person)]
  const providerId = crypto.randomUUID()
  const ofPerson = { workspaceId: server.owner.signedIn.user.workspace.id, userId: person }
  await db.updateTable('memberships').set({ managedBy: providerId }).where('userId', '=', person).execute()
  await db
    .insertInto('groupMembers')
    .values({ ...ofPerson, groupId: byRules, createdAt: new Date(), managedBy: providerId })
    .execute()
  await setActive(scim, person, false)
  await setActive(scim, person, true)
  const { managedBy } = await db
    .selectFrom('memberships')
    .select('managedBy')
    .where('userId', '=', person)
    .executeTakeFirstOrThrow()
  expect(managedBy).toBe(providerId)
  const groups = await db.selectFrom('groupMembers').select('groupId').where('userId', '=', person).execute()
  expect(groups).toEqual([{ groupId: byDirectory }])
})

test('a directory that sends too much is told when to come back, in its own words; others go on', async () => {
  const { token } = await makeToken(server.owner)
  const other = directory(token)
  const bucket = directoryBucket(scimTokenId)
  // The time stands still, however slow the machine is.
  const now = new Date()
  server.platform.clock = { now: () => now }
  while ((await server.platform.limiter.take([bucket])).taken);
  const refused = await scim('GET', '/Users?count=1')
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refused.headers.get('content-type')).toBe('application/scim+json')
  expect(refused.body).toMatchObject({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: '429',
    detail: expect.stringContaining('too many requests'),
  })
  expect((await other('GET', '/Users?count=1')).status).toBe(200)
  server.platform.clock = systemClock
  await eventually(async () => expect((await scim('GET', '/Users?count=1')).status).toBe(200))
})
