import { type Endpoint, endpoints, type Level, levels, type Problem, type Scope, scopes } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeOwner } from './modules/identity/add-person.ts'
import { hashPassword } from './modules/identity/passwords.ts'
import { inTransaction } from './platform/context.ts'
import { newId } from './platform/crypto/index.ts'
import { type Reach, reaches } from './testing/access-table.ts'
import { goodBody } from './testing/bad-bodies.ts'
import {
  fillForPerson,
  fillWorkspace,
  kindsIn,
  pathWith,
  sharedKinds,
  shareWithGroup,
  type Things,
} from './testing/fill-workspace.ts'
import { type HttpFixture, startHttpFixture } from './testing/mcp-fixture.ts'
import { within } from './testing/pace.ts'
import { type Caller, callerFor, startServer, type TestServer } from './testing/start-server.ts'

/** Someone who sends requests, with what they may do. */
interface Actor {
  caller: Caller
  kind: 'session' | 'key' | 'nobody'
  scopes: ReadonlySet<string>
}

const every = Object.entries(endpoints) as [keyof typeof endpoints, Endpoint][]
const customScopes: Scope[] = ['conversations:read', 'people:read', 'tools:manage']
const password = 'a long test password'

let server: TestServer
let fixture: HttpFixture
const actors: Record<string, Actor> = {}
/** What the owner has with their workspace, another member of it, and the owner of another workspace. */
let own: Things
let otherPerson: Things
let otherTenant: Things
const ids: Record<string, string> = {}

beforeAll(async () => {
  fixture = await startHttpFixture()
  server = await startServer({ env: { PARLEY_EGRESS_ALLOW: '127.0.0.1', PARLEY_SIGNUP: 'open' } })
  const { owner } = server
  actors.nobody = { caller: server.anyone, kind: 'nobody', scopes: new Set() }
  await addActor('owner', owner, 'session')

  const role = await owner.json<{ id: string }>('POST', '/api/v1/roles', { name: 'Custom', scopes: customScopes })
  for (const [name, roleId] of Object.entries({
    admin: 'admin',
    member: 'member',
    viewer: 'viewer',
    custom: role.id,
  })) {
    const email = `${name}@example.com`
    const { accessToken, user } = await server.anyone.json<{ accessToken: string; user: { id: string } }>(
      'POST',
      '/api/v1/auth/register',
      { email, password, name },
    )
    ids[name] = user.id
    await owner.json('PUT', `/api/v1/roles/${roleId}/members/${user.id}`)
    await addActor(name, bearer(accessToken), 'session')
  }
  for (const scope of scopes) await addKey(`key for ${scope}`, [scope])
  await addKey('key of a service', ['conversations:read', 'conversations:write', 'files:read', 'models:read'])

  const foreigner = { email: 'foreign@example.com', name: 'Fred Foreign', passwordHash: await hashPassword(password) }
  await inTransaction(server.platform, (tx) => makeOwner(tx, foreigner))
  const signedIn = await server.anyone.json<{ accessToken: string }>('POST', '/api/v1/auth/login', {
    email: foreigner.email,
    password,
  })
  const foreign = bearer(signedIn.accessToken)

  // Of plans and who is on them the owner who runs the installation sees all: nothing there is another's.
  own = { ...(await fill(owner)), plans: 'pro', 'workspace-plans': owner.signedIn.user.workspace.id }
  otherTenant = await fill(foreign)
  const member = actors.member!.caller
  const things = await fillForPerson(server, member)
  const ownGroup = { groups: own.groups! }
  otherPerson = { ...things, ...ownGroup, ...(await shareWithGroup(member, things, own.groups!)) }
  // The group is the owner's too, who is not to see what others have: so it is taken back.
  for (const kind of sharedKinds) {
    await member.json('DELETE', `/api/v1/${kind}/${things[kind]}/grants/${otherPerson[`${kind} grants`]}`)
  }
})
afterAll(async () => {
  await server?.close()
  await fixture?.close()
})

async function fill(caller: Caller): Promise<Things> {
  const things = { ...(await fillForPerson(server, caller)), ...(await fillWorkspace(server, caller, fixture.url)) }
  return { ...things, guide: 'models', ...(await shareWithGroup(caller, things, things.groups!)) }
}

function bearer(token: string): Caller {
  return callerFor(server.url, { authorization: `Bearer ${token}` })
}

async function addActor(name: string, caller: Caller, kind: Actor['kind']): Promise<void> {
  const me = await caller.json<{ scopes: string[] }>('GET', '/api/v1/me')
  actors[name] = { caller, kind, scopes: new Set(me.scopes) }
}

async function addKey(name: string, allowed: Scope[]): Promise<void> {
  const body = { name, scopes: allowed }
  const { key } = await server.owner.json<{ key: string }>('POST', '/api/v1/api-keys', body)
  actors[name] = { caller: bearer(key), kind: 'key', scopes: new Set(allowed) }
}

interface Answer {
  status: number
  code: string | undefined
  /** All that may not differ between what is another's and what is not there. */
  whole: string
}

async function send(caller: Caller, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await caller.fetch(path, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const problem = response.headers.get('content-type')?.startsWith('application/problem+json')
    ? (JSON.parse(text) as Problem)
    : undefined
  const headers = [...response.headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
  const { requestId: _, ...said } = problem ?? { requestId: '' }
  const whole = JSON.stringify([response.status, problem ? said : text, headers.filter(([name]) => !limitHeader(name))])
  return { status: response.status, code: problem?.code, whole }
}

/** Headers that count requests differ from one to the next, whatever is asked for. */
function limitHeader(name: string): boolean {
  return name.startsWith('ratelimit') || name.startsWith('retry-after')
}

/** A body that the endpoint takes; for what takes none, none. */
function bodyOf({ method, body }: Endpoint): unknown {
  return method === 'GET' || body === undefined ? undefined : goodBody(body)
}

/** What refuses anyone who gets past the question whether they may: nothing happens, whoever asks. */
const refusedBody = { noSuchField: 1 }

test('every endpoint of the contract has a line in access-table.ts, and is mounted', () => {
  expect(Object.keys(reaches).sort()).toEqual(Object.keys(endpoints).sort())
  const mounted = server.server.http.mounted.map(({ method, path }) => `${method} ${path}`)
  expect(mounted.sort()).toEqual(every.map(([, { method, path }]) => `${method} ${path}`).sort())
})

test('the line of an endpoint says of its ids what its path has', () => {
  const wrong = every.filter(([name, { path }]) => {
    const takesIds = path.includes('{') && !path.includes('/guide/')
    return takesIds !== (reaches[name] !== 'none')
  })
  expect(wrong.map(([name]) => name)).toEqual([])
})

describe.each(every)('%s', (name, endpoint) => {
  const { method, path, access } = endpoint
  const reach: Reach = reaches[name]

  /** Whether an actor gets past the door of the endpoint, and if not, what they are told. */
  function refusal({ kind, scopes: has }: Actor): [number, string] | undefined {
    if (access === 'public') return undefined
    if (kind === 'nobody') return [401, 'unauthenticated']
    if (access === 'session') return kind === 'session' ? undefined : [403, 'forbidden']
    return has.has(access) ? undefined : [403, 'forbidden']
  }

  test('lets in whose role or key has what it asks for, and nobody else', async () => {
    const failures: string[] = []
    for (const [who, actor] of Object.entries(actors)) {
      const expected = refusal(actor)
      const { status, code } = await send(
        actor.caller,
        method,
        pathWith(path, own),
        method === 'GET' ? undefined : refusedBody,
      )
      const said = `${who}: ${status} ${code ?? ''}`
      if (expected) {
        if (status !== expected[0] || code !== expected[1]) failures.push(`${said}, not ${expected.join(' ')}`)
      } else if (method !== 'GET') {
        if (![400, 404, 415].includes(status)) failures.push(`${said}, not refused for its body`)
      } else {
        // What is a person's own is the owner's here, and of the keys that act for them.
        const theirs = reach === 'none' || reach === 'workspace' || who === 'owner' || actor.kind === 'key'
        if (theirs ? status !== 200 : status !== 404) failures.push(`${said}, not ${theirs ? 200 : 404}`)
      }
    }
    expect(failures).toEqual([])
  })

  if (reach === 'none') return

  test('P6: answers for what is another’s exactly as for what is not there, about as quickly', async () => {
    const failures: string[] = []
    const body = bodyOf(endpoint)
    const sources: [string, Things][] = [['another tenant', otherTenant]]
    if (reach !== 'workspace') sources.push(['another person', otherPerson])
    for (const who of ['owner', 'admin', 'key of a service', `key for ${access}`]) {
      const actor = actors[who]
      if (!actor || refusal(actor)) continue
      for (const [whose, things] of sources) {
        for (const kind of kindsIn(path, own)) {
          // The name of a tool belongs to nobody; it is looked for below what has an owner.
          if (kind === 'tools') continue
          // The rest of the path is theirs, but for what is below another's thing.
          const below = reach === 'workspace' || kind.includes(' ') ? own : {}
          const foreignId = things[kind]
          if (foreignId === undefined) continue
          const mine = who === 'owner' || actor.kind === 'key' || reach === 'workspace' ? own : otherPerson
          const to = (id: string) => pathWith(path, { ...own, ...below, ...mine, [kind]: id })
          const foreign = await send(actor.caller, method, to(foreignId), body)
          const missing = await send(actor.caller, method, to(newId()), body)
          // Some may not do it with anything at all: that says nothing about what is there.
          const told = who === 'owner' ? [404] : [404, 403]
          if (!told.includes(missing.status)) failures.push(`${who}, ${kind} that is not there: ${missing.whole}`)
          if (foreign.whole !== missing.whole) {
            failures.push(`${who}, ${kind} of ${whose}: ${foreign.whole}, but for what is not there ${missing.whole}`)
          }
          if (who !== 'owner') continue
          const apart = await timeApart(
            () => send(actor.caller, method, to(foreignId), body),
            () => send(actor.caller, method, to(newId()), body),
          )
          if (apart > within(maxApartMs)) failures.push(`${kind} of ${whose}: ${apart.toFixed(1)} ms apart`)
        }
      }
    }
    expect(failures).toEqual([])
  })
})

/** A machine that is busy with other tests is not steadier than this. */
const maxApartMs = 8

/** How much longer the slower of two kinds of request takes, each at its quickest of a few. */
async function timeApart(one: () => Promise<unknown>, other: () => Promise<unknown>): Promise<number> {
  let apart = Infinity
  for (let attempt = 0; attempt < 5 && apart > within(maxApartMs); attempt += 1) {
    const quickest = [Infinity, Infinity]
    for (let round = 0; round < 4; round += 1) {
      for (const [index, request] of [one, other].entries()) {
        const begun = performance.now()
        await request()
        quickest[index] = Math.min(quickest[index]!, performance.now() - begun)
      }
    }
    apart = Math.min(apart, Math.abs(quickest[0]! - quickest[1]!))
  }
  return apart
}

describe('what is shared', () => {
  const shared = every.filter(([name]) => (levels as readonly string[]).includes(reaches[name]))

  test.each(shared)('%s is for those who have the level, and not for others', async (name, endpoint) => {
    const needed = reaches[name] as Level
    const failures: string[] = []
    for (const level of [undefined, ...levels]) {
      const things = { ...(await fillForPerson(server, server.owner)) }
      const kind = sharedKinds.find((each) => endpoint.path.startsWith(`/api/v1/${each}/`)) ?? 'conversations'
      const grants = `/api/v1/${kind}/${things[kind]}/grants`
      const to = (userId: string) => ({ subject: { kind: 'user', id: userId }, level: level ?? 'view' })
      // A grant of another's, to be taken back.
      const { id } = await server.owner.json<{ id: string }>('PUT', grants, to(ids.viewer!))
      things[`${kind} grants`] = id
      if (level) await server.owner.json('PUT', grants, to(ids.admin!))
      const { status, code } = await send(
        actors.admin!.caller,
        endpoint.method,
        pathWith(endpoint.path, things),
        bodiesOf[name]?.() ?? bodyOf(endpoint),
      )
      const enough = level !== undefined && levels.indexOf(level) >= levels.indexOf(needed)
      const right = level === undefined ? status === 404 : enough ? passed(status) : code === 'forbidden'
      if (!right) failures.push(`${level ?? 'not shared'}: ${status} ${code ?? ''}`)
    }
    expect(failures).toEqual([])
  })

  /** It was done, or refused for what it is about: the run is over already. */
  const passed = (status: number) => status < 300 || status === 409
  const bodiesOf: Partial<Record<keyof typeof endpoints, () => unknown>> = {
    sendMessage: () => ({ content: 'Hello' }),
    regenerateMessage: () => ({}),
    updateConversation: () => ({ title: 'Another title' }),
    putConversationGrant: () => ({ subject: { kind: 'user', id: ids.viewer }, level: 'view' }),
    putPresetGrant: () => ({ subject: { kind: 'user', id: ids.viewer }, level: 'view' }),
    updatePreset: () => ({ name: 'Another name' }),
  }
})

/** Ids that are not in the path: of another's they answer as if they were not there. */
describe('ids in bodies and queries', () => {
  type Case = [what: string, kind: string, send: (id: string) => Promise<Answer>]
  const asOwner = (method: string, path: string, body?: unknown) => send(server.owner, method, `/api/v1/${path}`, body)
  const cases: Case[] = [
    [
      'a file in a message',
      'files',
      (fileId) =>
        asOwner('POST', `conversations/${own.conversations}/messages`, { content: [{ type: 'file', fileId }] }),
    ],
    [
      'the parent of a message',
      'messages',
      (parentId) => asOwner('POST', `conversations/${own.conversations}/messages`, { content: 'x', parentId }),
    ],
    [
      'the message to show',
      'messages',
      (activeMessageId) => asOwner('PATCH', `conversations/${own.conversations}`, { activeMessageId }),
    ],
    [
      'the leaf of a branch',
      'messages',
      (id) => asOwner('GET', `conversations/${own.conversations}/messages?leaf=${id}`),
    ],
    [
      'the preset of a conversation',
      'presets',
      (presetId) => asOwner('PATCH', `conversations/${own.conversations}`, { presetId }),
    ],
    ['the preset of a new conversation', 'presets', (presetId) => asOwner('POST', 'conversations', { presetId })],
    [
      'a person to share with',
      'members',
      (id) =>
        asOwner('PUT', `conversations/${own.conversations}/grants`, { subject: { kind: 'user', id }, level: 'view' }),
    ],
    [
      'a group to share with',
      'groups',
      (id) =>
        asOwner('PUT', `mcp-servers/${own['mcp-servers']}/grants`, { subject: { kind: 'group', id }, level: 'use' }),
    ],
    ['the role in place of another', 'roles', (id) => asOwner('DELETE', `roles/${own.roles}?replacement=${id}`)],
  ]
  test.each(cases)('P6: %s', async (_what, kind, request) => {
    const missing = await request(newId())
    expect(missing.status).toBe(404)
    expect(await request(otherTenant[kind]!)).toEqual(missing)
    if (['files', 'messages', 'presets'].includes(kind)) expect(await request(otherPerson[kind]!)).toEqual(missing)
  })
})
