import type { ApiKey, Invitation, Page, Problem, Scope, SignedIn, User, WorkspaceRole } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Caller, callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'

let server: TestServer
let people = 0

beforeAll(async () => {
  server = await startServer({ env: { PARLEY_SIGNUP: 'open' } })
})
afterAll(() => server.close())

interface Person extends Caller {
  id: string
}

async function makePerson(role?: string): Promise<Person> {
  const body = { email: `pat-${++people}@example.com`, password: 'a long test password', name: `Pat ${people}` }
  const { accessToken, user } = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/register', body)
  if (role !== undefined) await assign(server.owner, role, user.id)
  return { ...callerFor(server.url, { authorization: `Bearer ${accessToken}` }), id: user.id }
}

function makeRole(scopes: Scope[], by: Caller = server.owner): Promise<WorkspaceRole> {
  return by.json<WorkspaceRole>('POST', '/api/v1/roles', { name: `Role ${++people}`, scopes })
}

function assign(by: Caller, role: string, userId: string): Promise<void> {
  return by.json('PUT', `/api/v1/roles/${role}/members/${userId}`)
}

/** The code of a refusal; `ok` for none. */
async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return 'ok'
  } catch (error) {
    return (JSON.parse(/\{.*\}/.exec((error as Error).message)![0]) as Problem).code
  }
}

const me = (caller: Caller) => caller.json<User>('GET', '/api/v1/me')
const conversations = (caller: Caller) => codeOf(caller.json('GET', '/api/v1/conversations'))

describe('a custom role', () => {
  test('is listed after the built-in ones, with what it allows and how many have it', async () => {
    const role = await makeRole(['conversations:read', 'files:read'])
    await makePerson(role.id)
    const { data } = await server.owner.json<Page<WorkspaceRole>>('GET', '/api/v1/roles?limit=200')
    expect(data.slice(0, 4).map(({ id, builtIn }) => [id, builtIn])).toEqual(
      ['owner', 'admin', 'member', 'viewer'].map((id) => [id, true]),
    )
    expect(data.find(({ id }) => id === role.id)).toMatchObject({
      scopes: ['conversations:read', 'files:read'],
      memberCount: 1,
      grantable: true,
    })
    const first = await server.owner.json<Page<WorkspaceRole>>('GET', '/api/v1/roles?limit=3')
    const second = await server.owner.json<Page<WorkspaceRole>>(
      'GET',
      `/api/v1/roles?limit=200&cursor=${first.nextCursor}`,
    )
    expect([...first.data, ...second.data]).toEqual(data)
  })

  test('says what its people may do, and who they are stays readable', async () => {
    const role = await makeRole(['conversations:read', 'people:read'])
    const person = await makePerson(role.id)
    const user = await me(person)
    expect(user.scopes).toEqual(['conversations:read', 'account:read', 'people:read'])
    expect(user.workspace).toMatchObject({ role: 'viewer', customRole: { id: role.id, name: role.name } })
    expect(await conversations(person)).toBe('ok')
    expect(await codeOf(person.json('POST', '/api/v1/conversations', {}))).toBe('forbidden')
  })

  test('counts at once when it changes, for sessions and API keys alike', async () => {
    const role = await makeRole(['conversations:read', 'keys:manage'])
    const person = await makePerson(role.id)
    const { key } = await person.json<ApiKey & { key: string }>('POST', '/api/v1/api-keys', {
      name: 'Key',
      scopes: ['conversations:read'],
    })
    const withKey = callerFor(server.url, { authorization: `Bearer ${key}` })
    expect(await Promise.all([conversations(person), conversations(withKey)])).toEqual(['ok', 'ok'])
    await server.owner.json('PATCH', `/api/v1/roles/${role.id}`, { scopes: ['files:read'] })
    expect(await Promise.all([conversations(person), conversations(withKey)])).toEqual(['forbidden', 'forbidden'])
    await server.owner.json('PATCH', `/api/v1/roles/${role.id}`, { scopes: ['conversations:read'] })
    expect(await Promise.all([conversations(person), conversations(withKey)])).toEqual(['ok', 'ok'])
    await assign(server.owner, 'member', person.id)
    expect(await codeOf(person.json('POST', '/api/v1/conversations', {}))).toBe('ok')
    expect(await codeOf(withKey.json('POST', '/api/v1/conversations', {}))).toBe('forbidden')
  })

  test('has a name of its own, whatever its case', async () => {
    const { name } = await makeRole(['files:read'])
    const again = { name: name.toUpperCase(), scopes: ['files:read'] }
    expect(await codeOf(server.owner.json('POST', '/api/v1/roles', again))).toBe('name_taken')
    expect(await codeOf(server.owner.json('POST', '/api/v1/roles', { ...again, name: 'owner' }))).toBe('name_taken')
    const other = await makeRole(['files:read'])
    expect(await codeOf(server.owner.json('PATCH', `/api/v1/roles/${other.id}`, { name }))).toBe('name_taken')
    expect(await codeOf(server.owner.json('PATCH', `/api/v1/roles/${other.id}`, { name: other.name }))).toBe('ok')
  })

  test('goes only when nobody has it, or another takes its place', async () => {
    const role = await makeRole(['conversations:read'])
    const person = await makePerson(role.id)
    const remove = (query = '') => codeOf(server.owner.json('DELETE', `/api/v1/roles/${role.id}${query}`))
    expect(await remove()).toBe('role_in_use')
    expect(await remove(`?replacement=${role.id}`)).toBe('invalid_request')
    expect((await me(person)).workspace.customRole?.id).toBe(role.id)
    expect(await remove('?replacement=viewer')).toBe('ok')
    expect((await me(person)).workspace).toMatchObject({ role: 'viewer', customRole: null })
    expect(await remove()).toBe('not_found')
  })

  test('that an invitation gives is in use, and what takes its place is what the invitation gives', async () => {
    const role = await makeRole(['conversations:read'])
    const invitation = await server.owner.json<Invitation>('POST', '/api/v1/invitations', { role: role.id })
    const remove = (query = '') => codeOf(server.owner.json('DELETE', `/api/v1/roles/${role.id}${query}`))
    expect(await remove()).toBe('role_in_use')
    expect(await remove('?replacement=viewer')).toBe('ok')
    const { data } = await server.owner.json<Page<Invitation>>('GET', '/api/v1/invitations')
    expect(data.find(({ id }) => id === invitation.id)?.role).toEqual({ id: 'viewer', name: 'Viewer' })
  })

  test('is made once for an idempotency key', async () => {
    const make = () =>
      server.owner.json<WorkspaceRole>(
        'POST',
        '/api/v1/roles',
        { name: 'Made once', scopes: ['files:read'] },
        { 'idempotency-key': 'role-1' },
      )
    expect(await make()).toEqual(await make())
  })
})

describe('nobody gives, changes or takes away what they do not have', () => {
  let clerk: Person
  let strong: WorkspaceRole
  beforeAll(async () => {
    const clerks = await makeRole(['people:read', 'people:manage', 'workspace:manage', 'conversations:read'])
    clerk = await makePerson(clerks.id)
    strong = await makeRole(['conversations:read', 'models:manage'])
  })

  test('making and changing roles', async () => {
    const make = (scopes: Scope[]) => codeOf(makeRole(scopes, clerk))
    expect(await make(['conversations:read'])).toBe('ok')
    expect(await make(['conversations:read', 'models:manage'])).toBe('forbidden')
    const weak = await makeRole(['conversations:read'])
    const change = (id: string, body: unknown) => codeOf(clerk.json('PATCH', `/api/v1/roles/${id}`, body))
    expect(await change(weak.id, { scopes: ['people:read'] })).toBe('ok')
    expect(await change(weak.id, { scopes: ['tools:manage'] })).toBe('forbidden')
    expect(await change(strong.id, { scopes: ['conversations:read'] })).toBe('forbidden')
    expect(await codeOf(clerk.json('DELETE', `/api/v1/roles/${strong.id}`))).toBe('forbidden')
    expect(await change('admin', { name: 'Other' })).toBe('forbidden')
  })

  test('giving roles, to others and to oneself', async () => {
    const person = await makePerson()
    const weak = await makeRole(['conversations:read'])
    await assign(server.owner, weak.id, person.id)
    for (const id of ['owner', 'admin', 'member', strong.id]) {
      expect(await codeOf(assign(clerk, id, person.id))).toBe('forbidden')
      expect(await codeOf(assign(clerk, id, clerk.id))).toBe('forbidden')
    }
    expect(await codeOf(assign(clerk, weak.id, person.id))).toBe('ok')
    const admin = await makePerson('admin')
    expect(await codeOf(assign(clerk, weak.id, admin.id))).toBe('forbidden')
    const used = await makeRole(['conversations:read'])
    await assign(server.owner, used.id, person.id)
    expect(await codeOf(clerk.json('DELETE', `/api/v1/roles/${used.id}?replacement=admin`))).toBe('forbidden')
  })

  test('with a key that holds less than its maker', async () => {
    const { key } = await server.owner.json<{ key: string }>('POST', '/api/v1/api-keys', {
      name: 'Roles',
      scopes: ['workspace:manage', 'people:manage'],
    })
    const withKey = callerFor(server.url, { authorization: `Bearer ${key}` })
    expect(await codeOf(makeRole(['workspace:manage'], withKey))).toBe('ok')
    expect(await codeOf(makeRole(['conversations:read'], withKey))).toBe('forbidden')
    const person = await makePerson()
    expect(await codeOf(assign(withKey, 'admin', person.id))).toBe('forbidden')
  })

  test('only owners make, change and unmake owners, and one stays', async () => {
    const admin = await makePerson('admin')
    const person = await makePerson()
    const owner = (await me(server.owner)).id
    expect(await codeOf(assign(admin, 'owner', person.id))).toBe('forbidden')
    expect(await codeOf(assign(admin, 'member', owner))).toBe('forbidden')
    expect(await codeOf(assign(server.owner, 'member', owner))).toBe('conflict')
    await assign(server.owner, 'owner', person.id)
    // Of two owners who step down at once, one stays.
    const codes = await Promise.all([
      codeOf(assign(server.owner, 'admin', owner)),
      codeOf(assign(person, 'admin', person.id)),
    ])
    expect(codes.sort()).toEqual(['conflict', 'ok'])
    const stayed = (await me(person)).workspace.role === 'owner' ? person : server.owner
    await assign(stayed, 'owner', owner)
    await assign(server.owner, 'owner', owner)
    await assign(server.owner, 'member', person.id)
  })
})
