import type {
  ChangeEvent,
  Conversation,
  Grant,
  Level,
  McpServer,
  Message,
  Page,
  Participant,
  Problem,
  Run,
  SignedIn,
  Started,
  Subject,
  Tool,
} from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../testing/eventually.ts'
import { fillForPerson } from '../../testing/fill-workspace.ts'
import { type HttpFixture, startHttpFixture } from '../../testing/mcp-fixture.ts'
import { within } from '../../testing/pace.ts'
import { readEvents } from '../../testing/read-events.ts'
import { type ScriptedModel, startScriptedModel } from '../../testing/scripted-model.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../testing/start-server.ts'
import { systemCtx } from '../identity/index.ts'
import { listOfferedTools } from '../tools/index.ts'

interface Person extends Caller {
  id: string
  name: string
}

let model: ScriptedModel
let fixture: HttpFixture
let server: TestServer
let owner: Person
let bea: Person
let cem: Person

beforeAll(async () => {
  model = await startScriptedModel()
  fixture = await startHttpFixture()
  server = await startServer({
    env: {
      OPENAI_BASE_URL: model.openaiBaseUrl,
      OPENAI_API_KEY: 'sk-test',
      PARLEY_EGRESS_ALLOW: '127.0.0.1',
      PARLEY_SIGNUP: 'open',
    },
  })
  owner = { ...server.owner, id: server.owner.signedIn.user.id, name: 'Olivia Owner' }
  bea = await makePerson('Bea')
  cem = await makePerson('Cem')
})
afterAll(async () => {
  await server.close()
  await model.close()
  await fixture.close()
})

async function makePerson(name: string): Promise<Person> {
  const body = { email: `${name.toLowerCase()}@example.com`, password: 'a long test password', name }
  const { accessToken, user } = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/register', body)
  return { ...callerFor(server.url, { authorization: `Bearer ${accessToken}` }), id: user.id, name }
}

const newConversation = (by: Caller = owner) => by.json<Conversation>('POST', '/api/v1/conversations', {})
const get = (by: Caller, id: string) => by.json<Conversation>('GET', `/api/v1/conversations/${id}`)
const share = (id: string, subject: Subject, level: Level, by: Caller = owner) =>
  by.json<Grant>('PUT', `/api/v1/conversations/${id}/grants`, { subject, level })
const unshare = (id: string, grant: Grant, by: Caller = owner) =>
  by.json('DELETE', `/api/v1/conversations/${id}/grants/${grant.id}`)
const send = (by: Caller, id: string, content: unknown, prefer?: string) =>
  by.json<Started>('POST', `/api/v1/conversations/${id}/messages`, { content }, prefer ? { prefer } : {})
const list = async (by: Caller, filter: string) =>
  (await by.json<Page<Conversation>>('GET', `/api/v1/conversations?filter=${filter}&limit=200`)).data.map(
    ({ id }) => id,
  )
const user = ({ id }: Person): Subject => ({ kind: 'user', id })

async function makeGroup(name: string, ...members: Person[]): Promise<string> {
  const { id } = await owner.json<{ id: string }>('POST', '/api/v1/groups', { name })
  for (const member of members) await owner.json('PUT', `/api/v1/groups/${id}/members/${member.id}`)
  return id
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

/** What a person's open window is told, while `during` runs. */
async function told(person: Person, during: () => Promise<unknown>): Promise<ChangeEvent[]> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/ws`, { headers: person.headers } as never)
  const events: ChangeEvent[] = []
  socket.addEventListener('message', ({ data }) => events.push(JSON.parse(String(data))))
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  await during()
  await new Promise((resolve) => setTimeout(resolve, 200))
  socket.close()
  return events
}

describe('a shared conversation', () => {
  test('is listed for whom it is shared with, and for nobody else', async () => {
    const { id } = await newConversation()
    expect(await get(owner, id)).toMatchObject({ shared: false, owner: null, level: 'manage' })
    await share(id, user(bea), 'view')
    expect(await get(owner, id)).toMatchObject({ shared: true, owner: null, level: 'manage' })
    expect(await get(bea, id)).toMatchObject({ shared: true, owner: { id: owner.id, name: owner.name }, level: 'view' })
    expect(await list(bea, 'shared')).toContain(id)
    expect(await list(bea, 'own')).not.toContain(id)
    expect(await list(owner, 'shared')).not.toContain(id)
    expect(await list(cem, 'shared')).not.toContain(id)
    expect(await codeOf(get(cem, id))).toBe('not_found')
  })

  test('can be gone on with by others as themselves, and says who wrote what', async () => {
    const { id } = await newConversation()
    await send(owner, id, 'From the owner', 'wait')
    await share(id, user(bea), 'use')
    const started = await send(bea, id, 'From Bea')
    expect(started.userMessage?.authorId).toBe(bea.id)
    await readEvents(owner, started.run.id)
    const row = await server.platform.db
      .selectFrom('runs')
      .select('userId')
      .where('id', '=', started.run.id)
      .executeTakeFirstOrThrow()
    expect(row.userId).toBe(bea.id)
    const { data } = await owner.json<Page<Message>>('GET', `/api/v1/conversations/${id}/messages`)
    expect(data.map(({ role, authorId }) => [role, authorId])).toEqual([
      ['user', owner.id],
      ['assistant', null],
      ['user', bea.id],
      ['assistant', null],
    ])
    const people = await bea.json<{ data: Participant[] }>('GET', `/api/v1/conversations/${id}/participants`)
    expect(people.data).toEqual([
      { id: owner.id, name: owner.name },
      { id: bea.id, name: bea.name },
    ])
  })

  test('keeps its model when someone who may only use it chooses another for a message', async () => {
    const { id } = await newConversation()
    await share(id, user(bea), 'use')
    await bea.json(
      'POST',
      `/api/v1/conversations/${id}/messages`,
      { content: 'x', model: 'parley/guide' },
      { prefer: 'wait' },
    )
    expect((await get(owner, id)).model).toBeNull()
    await share(id, user(bea), 'edit')
    await bea.json(
      'POST',
      `/api/v1/conversations/${id}/messages`,
      { content: 'x', model: 'parley/guide' },
      { prefer: 'wait' },
    )
    expect((await get(owner, id)).model).toBe('parley/guide')
  })

  test('counts the highest of several grants, and what groups and the workspace were given', async () => {
    const { id } = await newConversation()
    const group = await makeGroup('Readers', bea)
    await share(id, { kind: 'workspace' }, 'view')
    expect([(await get(bea, id)).level, (await get(cem, id)).level]).toEqual(['view', 'view'])
    const forGroup = await share(id, { kind: 'group', id: group }, 'use')
    expect([(await get(bea, id)).level, (await get(cem, id)).level]).toEqual(['use', 'view'])
    await share(id, user(bea), 'edit')
    expect((await get(bea, id)).level).toBe('edit')
    const again = await share(id, { kind: 'group', id: group }, 'manage')
    expect(again.id).toBe(forGroup.id)
    expect((await get(bea, id)).level).toBe('manage')
    await owner.json('DELETE', `/api/v1/groups/${group}/members/${bea.id}`)
    expect((await get(bea, id)).level).toBe('edit')
    const { data } = await bea.json<Page<Grant>>('GET', `/api/v1/conversations/${id}/grants`)
    expect(data.map(({ name, level }) => [name, level])).toEqual([
      ['Everyone in the workspace', 'view'],
      ['Readers', 'manage'],
      ['Bea', 'edit'],
    ])
  })

  test('can be shared on by who manages it, never with its owner; one’s own share anyone may give up', async () => {
    const { id } = await newConversation()
    const grant = await share(id, user(bea), 'manage')
    expect(await codeOf(share(id, user(cem), 'manage', bea))).toBe('ok')
    expect(await codeOf(share(id, user(owner), 'view', bea))).toBe('conflict')
    const viewers = await share(id, user(cem), 'view', bea)
    expect(await codeOf(unshare(id, grant, cem))).toBe('forbidden')
    expect(await codeOf(unshare(id, viewers, cem))).toBe('ok')
    expect(await codeOf(get(cem, id))).toBe('not_found')
    expect(await codeOf(bea.json('DELETE', `/api/v1/conversations/${id}`))).toBe('ok')
    expect(await codeOf(get(owner, id))).toBe('not_found')
    const left = await server.platform.db.selectFrom('grants').select('id').where('resourceId', '=', id).execute()
    expect(left).toEqual([])
  })

  test('does not come back to who left the workspace and returned', async () => {
    const { id } = await newConversation()
    const dan = await makePerson('Dan')
    await share(id, user(dan), 'view')
    const { db } = server.platform
    const membership = await db.selectFrom('memberships').selectAll().where('userId', '=', dan.id).executeTakeFirst()
    await db.deleteFrom('memberships').where('userId', '=', dan.id).execute()
    await db.insertInto('memberships').values(membership!).execute()
    expect(await codeOf(get(dan, id))).toBe('not_found')
  })

  test('shows its files and large results to all who may see it, as long as they may', async () => {
    const things = await fillForPerson(server, owner)
    const id = things.conversations!
    const reads = () =>
      Promise.all(
        [`files/${things.files}`, `files/${things.files}/content`, `tool-results/${things['tool-results']}`].map(
          async (path) => (await bea.fetch(`/api/v1/${path}`)).status,
        ),
      )
    expect(await reads()).toEqual([404, 404, 404])
    const grant = await share(id, user(bea), 'view')
    expect(await reads()).toEqual([200, 200, 200])
    await unshare(id, grant)
    expect(await reads()).toEqual([404, 404, 404])
    // What someone brings into another's conversation is for all in it, and stays theirs.
    await share(id, user(bea), 'use')
    const form = new FormData()
    form.append('file', new Blob(['of Bea']), 'bea.txt')
    const upload = await bea.fetch('/api/v1/files', { method: 'POST', body: form })
    const { id: fileId } = (await upload.json()) as { id: string }
    expect((await owner.fetch(`/api/v1/files/${fileId}`)).status).toBe(404)
    await send(bea, id, [{ type: 'file', fileId }], 'wait')
    expect((await owner.fetch(`/api/v1/files/${fileId}`)).status).toBe(200)
    await owner.json('DELETE', `/api/v1/conversations/${id}`)
    await eventually(async () => expect((await owner.fetch(`/api/v1/files/${fileId}`)).status).toBe(404))
    expect((await bea.fetch(`/api/v1/files/${fileId}`)).status).toBe(200)
  })

  test('keeps the windows of all who have it in step, and of nobody else', async () => {
    const { id } = await newConversation()
    await share(id, user(bea), 'view')
    const ofConversation = (events: ChangeEvent[]) =>
      events.filter((event) => 'conversationId' in event && event.conversationId === id).map(({ type }) => type)
    const [heard, missed] = await Promise.all([
      told(bea, () => send(owner, id, 'Hello', 'wait')),
      told(cem, () => new Promise((resolve) => setTimeout(resolve, 500))),
    ])
    expect(ofConversation(heard)).toEqual(expect.arrayContaining(['conversation-changed', 'run-started', 'run-ended']))
    expect(ofConversation(missed)).toEqual([])
    expect(ofConversation(await told(bea, () => owner.json('DELETE', `/api/v1/conversations/${id}`)))).toEqual([
      'conversation-deleted',
    ])
  })
})

describe('taking access back', () => {
  const slow = '!slow 400 words 20ms'

  /** Resolves with how long it took until a reader's stream ended, from when `revoke` was done. */
  async function endsAfter(reader: Person, runId: string, revoke: () => Promise<unknown>): Promise<number> {
    const { promise: open, resolve: onOpen } = Promise.withResolvers<void>()
    const reading = readEvents(reader, runId, 0, Number.POSITIVE_INFINITY, onOpen)
    await Promise.all([open, readEvents(reader, runId, 0, 8)]) // it is being written
    await revoke()
    const begun = performance.now()
    await reading
    return performance.now() - begun
  }

  test('ends the streams that are open, and the run of the reader goes on for the others', async () => {
    const { id } = await newConversation()
    const grant = await share(id, user(bea), 'view')
    const { run } = await send(owner, id, slow)
    const owners = readEvents(owner, run.id, 0, 200)
    expect(await endsAfter(bea, run.id, () => unshare(id, grant))).toBeLessThan(within(2_000))
    expect(await codeOf(bea.json('GET', `/api/v1/runs/${run.id}`))).toBe('not_found')
    expect((await owners).frames).toHaveLength(200)
    await owner.json('POST', `/api/v1/runs/${run.id}/stop`)
  })

  test('through a group, a role, or the end of a session too', async () => {
    const { id } = await newConversation()
    const group = await makeGroup('Streamers', bea, cem)
    await share(id, { kind: 'group', id: group }, 'view')
    const { run } = await send(owner, id, slow)
    expect(
      await endsAfter(bea, run.id, () => owner.json('DELETE', `/api/v1/groups/${group}/members/${bea.id}`)),
    ).toBeLessThan(within(2_000))
    const { id: role } = await owner.json<{ id: string }>('POST', '/api/v1/roles', {
      name: 'No reader',
      scopes: ['files:read'],
    })
    expect(
      await endsAfter(cem, run.id, () => owner.json('PUT', `/api/v1/roles/${role}/members/${cem.id}`)),
    ).toBeLessThan(within(2_000))
    await owner.json('PUT', `/api/v1/roles/member/members/${cem.id}`)
    const again = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/login', {
      email: 'cem@example.com',
      password: 'a long test password',
    })
    const elsewhere = { ...cem, ...callerFor(server.url, { authorization: `Bearer ${again.accessToken}` }) }
    expect(await endsAfter(elsewhere, run.id, () => elsewhere.json('POST', '/api/v1/auth/logout'))).toBeLessThan(
      within(2_000),
    )
    await owner.json('POST', `/api/v1/runs/${run.id}/stop`)
  })

  test('stops what is being written for them', async () => {
    const { id } = await newConversation()
    const grant = await share(id, user(bea), 'use')
    const { run } = await send(bea, id, slow)
    await readEvents(owner, run.id, 0, 8)
    await share(id, user(bea), 'view')
    await eventually(async () =>
      expect((await owner.json<Run>('GET', `/api/v1/runs/${run.id}`)).status).toBe('stopped'),
    )
    await unshare(id, grant)
  })
})

describe('an MCP server that only some may use', () => {
  let mcp: McpServer
  const path = (rest = '') => `/api/v1/mcp-servers/${mcp.id}${rest}`
  const grant = (subject: Subject, level: string) => owner.json<Grant>('PUT', path('/grants'), { subject, level })
  const audience = (value: string) => owner.json('PUT', path('/audience'), { audience: value })
  const seen = async (by: Caller) =>
    (await by.json<Page<McpServer>>('GET', '/api/v1/mcp-servers')).data.find(({ id }) => id === mcp.id)
  const call = (by: Caller) => codeOf(by.json('POST', path('/tools/echo/call'), { arguments: { message: 'hello' } }))
  const offered = async ({ id }: Person) => {
    const { workspace } = server.owner.signedIn.user
    const ctx = await systemCtx(server.platform, { workspaceId: workspace.id, userId: id }, 'test')
    return (await listOfferedTools(ctx)).some(({ serverId }) => serverId === mcp.id)
  }

  beforeAll(async () => {
    mcp = await owner.json<McpServer>('POST', '/api/v1/mcp-servers', {
      name: 'Payroll',
      transport: 'http',
      url: fixture.url,
    })
    await eventually(async () => expect((await owner.json<Page<Tool>>('GET', path('/tools'))).data).not.toEqual([]))
  })

  test('is open to everyone at first, then only to those who were chosen', async () => {
    expect(await seen(bea)).toMatchObject({ audience: 'everyone', usable: true })
    expect([await call(bea), await offered(bea)]).toEqual(['ok', true])
    await audience('chosen')
    expect(await seen(bea)).toBeUndefined()
    expect([await call(bea), await offered(bea)]).toEqual(['not_found', false])
    expect(await codeOf(bea.json('GET', path('/tools')))).toBe('not_found')
    expect(await seen(owner)).toMatchObject({ audience: 'chosen', usable: true })

    const group = await makeGroup('Payroll people', bea)
    await grant({ kind: 'group', id: group }, 'view')
    expect(await seen(bea)).toMatchObject({ audience: 'chosen', usable: false })
    expect([await call(bea), await offered(bea)]).toEqual(['forbidden', false])
    expect((await bea.json<Page<Tool>>('GET', path('/tools'))).data).not.toEqual([])
    await grant({ kind: 'group', id: group }, 'use')
    expect([await call(bea), await offered(bea)]).toEqual(['ok', true])
    expect([await call(cem), await offered(cem)]).toEqual(['not_found', false])

    // With the last grant gone it is nobody's, not everyone's.
    await owner.json('DELETE', `/api/v1/groups/${group}`)
    expect([await call(bea), await offered(bea)]).toEqual(['not_found', false])
    await audience('everyone')
    expect([await call(bea), await offered(bea)]).toEqual(['ok', true])
  })

  test('knows the levels that mean something for it, and is shared by who manages tools alone', async () => {
    expect(await codeOf(grant(user(bea), 'edit'))).toBe('invalid_request')
    await audience('chosen')
    await grant(user(bea), 'use')
    expect(await codeOf(bea.json('GET', path('/grants')))).toBe('forbidden')
    expect(await codeOf(bea.json('PUT', path('/audience'), { audience: 'everyone' }))).toBe('forbidden')
  })

  test('is as closed to a key that may not manage tools as to a person who may not', async () => {
    const { key } = await owner.json<{ key: string }>('POST', '/api/v1/api-keys', {
      name: 'Caller',
      scopes: ['tools:read', 'tools:call'],
    })
    const withKey = callerFor(server.url, { authorization: `Bearer ${key}` })
    expect(await call(withKey)).toBe('not_found')
    await grant(user(owner), 'use')
    expect(await call(withKey)).toBe('ok')
  })
})
