import type {
  Conversation,
  Grant,
  Level,
  McpServer,
  Message,
  Page,
  Preset,
  PresetSummary,
  Problem,
  Run,
  SignedIn,
  Started,
} from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../testing/eventually.ts'
import { type HttpFixture, startHttpFixture } from '../../testing/mcp-fixture.ts'
import { readEvents } from '../../testing/read-events.ts'
import { type ScriptedModel, startScriptedModel } from '../../testing/scripted-model.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../testing/start-server.ts'

type Person = Caller & { id: string }

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
  owner = { ...server.owner, id: server.owner.signedIn.user.id }
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
  return { ...callerFor(server.url, { authorization: `Bearer ${accessToken}` }), id: user.id }
}

async function keyOf(person: Caller, scopes: string[]): Promise<Caller> {
  const { key } = await person.json<{ key: string }>('POST', '/api/v1/api-keys', { name: 'A key', scopes })
  return callerFor(server.url, { authorization: `Bearer ${key}` })
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

const make = (body: object = {}, by: Caller = owner) =>
  by.json<Preset>('POST', '/api/v1/presets', { name: 'Translator', ...body })
const get = (id: string, by: Caller = owner) => by.json<Preset>('GET', `/api/v1/presets/${id}`)
const change = (id: string, body: object, by: Caller = owner) => by.json<Preset>('PATCH', `/api/v1/presets/${id}`, body)
const share = (id: string, person: Person, level: Level, by: Caller = owner) =>
  by.json<Grant>('PUT', `/api/v1/presets/${id}/grants`, { subject: { kind: 'user', id: person.id }, level })
const unshare = (id: string, grant: Grant) => owner.json('DELETE', `/api/v1/presets/${id}/grants/${grant.id}`)
const names = async (by: Caller, query = '') =>
  (await by.json<Page<PresetSummary>>('GET', `/api/v1/presets?${query}`)).data.map(({ name }) => name)
const converse = (presetId: string | null, by: Caller = owner, body: object = {}) =>
  by.json<Conversation>('POST', '/api/v1/conversations', { presetId, ...body })
const readConversation = (id: string, by: Caller = owner) => by.json<Conversation>('GET', `/api/v1/conversations/${id}`)
const say = (id: string, content: string, by: Caller = owner, body: object = {}) =>
  by.json<Message>('POST', `/api/v1/conversations/${id}/messages`, { content, ...body }, { prefer: 'wait' })
const noticesIn = ({ parts }: Message) => parts.flatMap((part) => (part.type === 'notice' ? [part.text] : []))
/** What the model was asked last to answer, not to find a title. */
const asked = () => model.requests.findLast(({ system }) => !/^write a title/i.test(system))!
const toolsAsked = () =>
  ((asked().body.tools ?? []) as { function: { name: string } }[]).map((tool) => tool.function.name)

describe('a preset', () => {
  test('is made, read, changed and deleted', async () => {
    const made = await make({ description: 'Into French', instructions: ' Translate. ', maxOutputTokens: 100 })
    expect(made).toMatchObject({
      name: 'Translator',
      description: 'Into French',
      instructions: 'Translate.',
      model: null,
      maxOutputTokens: 100,
      serverIds: null,
      version: 1,
      owner: null,
      shared: false,
      level: 'manage',
    })
    expect(await get(made.id)).toEqual(made)
    const changed = await change(made.id, { model: 'openai/scripted-small', maxOutputTokens: null, version: 1 })
    expect(changed).toMatchObject({ name: 'Translator', model: 'openai/scripted-small', version: 2 })
    expect(changed.maxOutputTokens).toBeNull()
    await owner.json('DELETE', `/api/v1/presets/${made.id}`)
    expect(await codeOf(get(made.id))).toBe('not_found')
    expect(await codeOf(owner.json('DELETE', `/api/v1/presets/${made.id}`))).toBe('not_found')
  })

  test('is changed from the version it was read at, and else stays as it is', async () => {
    const { id } = await make()
    await change(id, { name: 'Newer' })
    expect(await codeOf(change(id, { name: 'Late', version: 1 }))).toBe('version_conflict')
    const headers = { 'if-match': '"1"' }
    expect(await codeOf(owner.json('PATCH', `/api/v1/presets/${id}`, { name: 'Late' }, headers))).toBe(
      'version_conflict',
    )
    const response = await owner.fetch(`/api/v1/presets/${id}`)
    expect([response.headers.get('etag'), ((await response.json()) as Preset).name]).toEqual(['"2"', 'Newer'])
    await change(id, { name: 'In time', version: 2 })
  })

  test('is made once for an Idempotency-Key', async () => {
    const send = () =>
      owner.json<Preset>('POST', '/api/v1/presets', { name: 'Once' }, { 'idempotency-key': 'a-preset' })
    expect((await send()).id).toBe((await send()).id)
    expect((await names(owner, 'search=once')).length).toBe(1)
  })

  test('is listed by name, in pages, without its instructions', async () => {
    const person = await makePerson('Lister')
    for (const name of ['b', 'A', 'c', 'B2']) await make({ name, instructions: 'Secret of the list' }, person)
    expect(await names(person)).toEqual(['A', 'b', 'B2', 'c'])
    expect(await names(person, 'search=B')).toEqual(['b', 'B2'])
    const first = await person.json<Page<PresetSummary>>('GET', '/api/v1/presets?limit=3')
    expect(JSON.stringify(first)).not.toContain('Secret')
    expect(await names(person, `limit=3&cursor=${first.nextCursor}`)).toEqual(['c'])
  })

  test('is not for viewers to make, nor for keys that may only read', async () => {
    const viewer = await makePerson('Vera')
    await owner.json('PUT', `/api/v1/roles/viewer/members/${viewer.id}`)
    const { id } = await make({ instructions: 'For all to read' })
    await share(id, viewer, 'manage')
    expect((await get(id, viewer)).instructions).toBe('For all to read')
    expect(await codeOf(make({}, viewer))).toBe('forbidden')
    expect(await codeOf(change(id, { name: 'Mine' }, viewer))).toBe('forbidden')
    const reader = await keyOf(owner, ['presets:read'])
    expect((await get(id, reader)).id).toBe(id)
    expect(await codeOf(make({}, reader))).toBe('forbidden')
    expect(await codeOf(make({}, await keyOf(owner, ['presets:read', 'presets:write'])))).toBe('ok')
  })
})

describe('a shared preset', () => {
  test('can be read, chatted with, changed and shared, each from its level on', async () => {
    const { id } = await make({ name: 'Levels', instructions: 'Be level.' })
    expect([await codeOf(get(id, bea)), await names(bea, 'search=Levels')]).toEqual(['not_found', []])
    const may = async (level: Level) => {
      await share(id, bea, level)
      expect(await get(id, bea)).toMatchObject({ level, owner: { id: owner.id, name: 'Olivia Owner' }, shared: true })
      return [
        await codeOf(converse(id, bea)),
        await codeOf(change(id, { description: level }, bea)),
        await codeOf(share(id, cem, 'view', bea)),
      ]
    }
    expect(await may('view')).toEqual(['forbidden', 'forbidden', 'forbidden'])
    expect(await may('use')).toEqual(['ok', 'forbidden', 'forbidden'])
    expect(await may('edit')).toEqual(['ok', 'ok', 'forbidden'])
    expect(await may('manage')).toEqual(['ok', 'ok', 'ok'])
    expect(await names(bea, 'filter=shared&search=Levels')).toEqual(['Levels'])
    expect(await names(bea, 'filter=own&search=Levels')).toEqual([])
    expect(await names(owner, 'filter=shared&search=Levels')).toEqual([])
    await bea.json('DELETE', `/api/v1/presets/${id}`)
    expect(await codeOf(get(id))).toBe('not_found')
    expect(await codeOf(get(id, cem))).toBe('not_found')
  })

  test('reaches a group and the workspace, and can be given up', async () => {
    const { id } = await make({ name: 'For groups' })
    const group = await owner.json<{ id: string }>('POST', '/api/v1/groups', { name: 'Translators' })
    await owner.json('PUT', `/api/v1/groups/${group.id}/members/${bea.id}`)
    const path = `/api/v1/presets/${id}/grants`
    await owner.json('PUT', path, { subject: { kind: 'group', id: group.id }, level: 'use' })
    expect([await codeOf(get(id, bea)), await codeOf(get(id, cem))]).toEqual(['ok', 'not_found'])
    await owner.json('PUT', path, { subject: { kind: 'workspace' }, level: 'view' })
    expect([(await get(id, bea)).level, (await get(id, cem)).level]).toEqual(['use', 'view'])
    const { id: grant } = await share(id, cem, 'use')
    await cem.json('DELETE', `${path}/${grant}`)
    expect((await get(id, cem)).level).toBe('view')
    await owner.json('DELETE', `/api/v1/groups/${group.id}`)
    expect((await get(id, bea)).level).toBe('view')
  })

  test('can be copied by who sees it; the copy is theirs alone', async () => {
    const { id } = await make({ name: 'x'.repeat(100), instructions: 'Copy me', maxOutputTokens: 7 })
    expect(await codeOf(bea.json('POST', `/api/v1/presets/${id}/duplicate`, {}))).toBe('not_found')
    await share(id, bea, 'view')
    const copy = await bea.json<Preset>('POST', `/api/v1/presets/${id}/duplicate`, {})
    expect(copy).toMatchObject({ instructions: 'Copy me', maxOutputTokens: 7, owner: null, shared: false, version: 1 })
    expect(copy.name).toMatch(/^Copy of x{92}$/)
    expect(await codeOf(get(copy.id))).toBe('not_found')
    const named = await bea.json<Preset>('POST', `/api/v1/presets/${id}/duplicate`, { name: 'Mine' })
    expect(named.name).toBe('Mine')
  })
})

describe('a conversation with a preset', () => {
  test('is answered with its instructions, model and length', async () => {
    const preset = await make({
      instructions: 'Answer like a pirate.',
      model: 'openai/scripted-small',
      maxOutputTokens: 321,
    })
    const { id, ...shown } = await converse(preset.id)
    expect(shown).toMatchObject({
      model: null,
      preset: { id: preset.id, name: 'Translator', model: 'openai/scripted-small', usable: true },
    })
    expect(await say(id, '!say Ahoy')).toMatchObject({ model: 'openai/scripted-small', status: 'complete' })
    expect(asked().system).toMatch(/^You are the assistant of a team[\s\S]+\n\nAnswer like a pirate\.$/)
    expect(JSON.stringify(asked().body)).toContain('321')

    // What is chosen for a message or the conversation goes before it.
    expect((await say(id, '!say A', owner, { model: 'openai/scripted-large' })).model).toBe('openai/scripted-large')
    expect((await readConversation(id)).model).toBe('openai/scripted-large')
    expect((await say(id, '!say B')).model).toBe('openai/scripted-large')
    // Until a preset with a model is chosen.
    const again = await owner.json<Conversation>('PATCH', `/api/v1/conversations/${id}`, { presetId: preset.id })
    expect(again).toMatchObject({ model: null, preset: { id: preset.id } })
    const both = { presetId: preset.id, model: 'openai/scripted-large' }
    expect(await owner.json('PATCH', `/api/v1/conversations/${id}`, both)).toMatchObject({ model: both.model })

    await owner.json('PATCH', `/api/v1/conversations/${id}`, { presetId: null })
    expect((await readConversation(id)).preset).toBeNull()
    const answer = await say(id, '!say C')
    expect(asked().system).not.toContain('pirate')
    expect(noticesIn(answer)).toEqual([])
  })

  test('P10 stable prefix: begins byte for byte the same each time, and only with the preset as it is now', async () => {
    const preset = await make({ instructions: 'First.' })
    const { id } = await converse(preset.id)
    await say(id, '!say One')
    const first = asked().system
    await say(id, '!say Two')
    expect(asked().system).toBe(first)
    await change(preset.id, { instructions: 'Second.' })
    await say(id, '!say Three')
    expect(asked().system).toBe(first.replace('First.', 'Second.'))
  })

  test('is written to its end with the preset as it was when the answer began, also past a question', async () => {
    const mcp = await owner.json<McpServer>('POST', '/api/v1/mcp-servers', {
      ...{ name: 'Asking', transport: 'http', url: fixture.url },
    })
    await eventually(async () =>
      expect((await owner.json<Page<unknown>>('GET', `/api/v1/mcp-servers/${mcp.id}/tools`)).data).not.toEqual([]),
    )
    const preset = await make({ instructions: 'As it was.', serverIds: [mcp.id] })
    const { id } = await converse(preset.id)
    const question = '!tool asking__write_note {"text":"x"}\n!next\n!say Noted'
    const { run } = await owner.json<Started>('POST', `/api/v1/conversations/${id}/messages`, { content: question })
    await readEvents(owner, run.id)
    const { interrupts } = await owner.json<Run>('GET', `/api/v1/runs/${run.id}`)
    expect(interrupts).toHaveLength(1)
    await change(preset.id, { instructions: 'As it is.', serverIds: [] })
    const offered = toolsAsked()
    const answers = [{ interruptId: interrupts[0]!.id, decision: 'approve' }]
    const next = await owner.json<Started>('POST', `/api/v1/runs/${run.id}/resume`, { answers })
    await readEvents(owner, next.run.id)
    expect(asked().system).toMatch(/As it was\.$/)
    expect(toolsAsked()).toEqual(offered)
    // What nothing goes on with is not kept.
    const kept = await server.platform.db.selectFrom('runs').select('preset').where('conversationId', '=', id).execute()
    expect(kept).toEqual([{ preset: null }, { preset: null }])
    await owner.json('DELETE', `/api/v1/mcp-servers/${mcp.id}`)
  })

  test('goes on without one that was deleted, and says so', async () => {
    const preset = await make({ instructions: 'Soon gone.', model: 'openai/scripted-small' })
    const { id } = await converse(preset.id)
    const first = await say(id, '!say Here')
    expect([first.model, noticesIn(first)]).toEqual(['openai/scripted-small', []])
    await owner.json('DELETE', `/api/v1/presets/${preset.id}`)
    expect((await readConversation(id)).preset).toEqual({ id: preset.id, name: null, model: null, usable: false })
    const second = await say(id, '!say Still here')
    expect(second.status).toBe('complete')
    expect(noticesIn(second)).toEqual([expect.stringContaining('without the preset')])
    expect(asked().system).not.toContain('Soon gone')
    const again = await owner.json<Message>('POST', `/api/v1/messages/${second.id}/regenerate`, {}, { prefer: 'wait' })
    expect(noticesIn(again)).toHaveLength(1)
    await owner.json('PATCH', `/api/v1/conversations/${id}`, { presetId: null })
    expect(noticesIn(await say(id, '!say And now'))).toEqual([])
  })

  test('goes on without one that is shared no more', async () => {
    const preset = await make({ name: 'Lent', instructions: 'Lent instructions.' })
    const grant = await share(preset.id, bea, 'use')
    const { id } = await converse(preset.id, bea)
    await say(id, '!say With', bea)
    expect(asked().system).toContain('Lent instructions.')
    await unshare(preset.id, grant)
    expect((await readConversation(id, bea)).preset).toMatchObject({ name: null, usable: false })
    expect(noticesIn(await say(id, '!say Without', bea))).toHaveLength(1)
    expect(asked().system).not.toContain('Lent')
    await share(preset.id, bea, 'view')
    expect((await readConversation(id, bea)).preset).toMatchObject({ name: 'Lent', usable: false })
    expect(noticesIn(await say(id, '!say Without', bea))).toHaveLength(1)
    await share(preset.id, bea, 'use')
    expect(noticesIn(await say(id, '!say With', bea))).toEqual([])
  })

  test('shares its preset with nobody by being shared', async () => {
    const preset = await make({ name: 'Private name', instructions: 'Private words.' })
    const { id } = await converse(preset.id)
    const subject = { kind: 'user', id: bea.id }
    await owner.json('PUT', `/api/v1/conversations/${id}/grants`, { subject, level: 'edit' })
    await say(id, '!say Mine')
    expect(asked().system).toContain('Private words.')
    const answer = await say(id, '!say Hers', bea)
    expect(asked().system).not.toContain('Private')
    expect(noticesIn(answer)).toHaveLength(1)
    const seen = JSON.stringify([
      await readConversation(id, bea),
      await bea.json('GET', '/api/v1/conversations?filter=shared'),
      await bea.json('GET', `/api/v1/conversations/${id}/messages`),
      await bea.json('GET', `/api/v1/runs/${answer.runId}`),
    ])
    expect(seen).not.toContain('Private')
    expect(seen).toContain(preset.id)
    // Whoever cannot use it cannot choose it, and can take it off.
    const path = `/api/v1/conversations/${id}`
    expect(await codeOf(bea.json('PATCH', path, { presetId: preset.id }))).toBe('not_found')
    await bea.json('PATCH', path, { presetId: null })
    expect((await readConversation(id)).preset).toBeNull()
  })

  test('is for keys that may read presets; others are answered without it', async () => {
    const preset = await make({ instructions: 'For keys.' })
    const chatting = ['conversations:read', 'conversations:write', 'models:read']
    const without = await keyOf(owner, chatting)
    expect(await codeOf(converse(preset.id, without))).toBe('forbidden')
    const { id } = await converse(preset.id)
    expect(noticesIn(await say(id, '!say Hello', without))).toHaveLength(1)
    expect(asked().system).not.toContain('For keys.')
    const withPresets = await keyOf(owner, [...chatting, 'presets:read'])
    expect(noticesIn(await say(id, '!say Hello', withPresets))).toEqual([])
    expect(asked().system).toContain('For keys.')
  })
})

describe('a key that is limited to presets', () => {
  test('finds no other, chats with no other, and makes none', async () => {
    const [mine, other] = [await make({ name: 'Named' }), await make({ name: 'Not named', instructions: 'Beyond.' })]
    const { key } = await owner.json<{ key: string }>('POST', '/api/v1/api-keys', {
      ...{ name: 'Limited', resources: { presets: [mine.id] } },
      scopes: ['presets:read', 'presets:write', 'conversations:read', 'conversations:write', 'models:read'],
    })
    const limited = callerFor(server.url, { authorization: `Bearer ${key}` })
    expect(await names(limited)).toEqual(['Named'])
    expect(await codeOf(change(mine.id, { description: 'Changed' }, limited))).toBe('ok')
    expect(await codeOf(get(other.id, limited))).toBe('not_found')
    expect(await codeOf(change(other.id, { description: 'Changed' }, limited))).toBe('not_found')
    expect(await codeOf(limited.json('GET', `/api/v1/presets/${other.id}/grants`))).toBe('not_found')
    expect(await codeOf(make({}, limited))).toBe('forbidden')
    expect(await codeOf(limited.json('POST', `/api/v1/presets/${mine.id}/duplicate`, {}))).toBe('forbidden')
    expect(await codeOf(converse(other.id, limited))).toBe('not_found')
    const { id } = await converse(mine.id, limited)
    expect(noticesIn(await say(id, '!say Hello', limited))).toEqual([])
    await owner.json('PATCH', `/api/v1/conversations/${id}`, { presetId: other.id })
    expect(noticesIn(await say(id, '!say Hello', limited))).toHaveLength(1)
    expect(asked().system).not.toContain('Beyond.')
  })
})

describe('the tools of a preset', () => {
  let one: McpServer
  let two: McpServer
  beforeAll(async () => {
    const add = (name: string) =>
      owner.json<McpServer>('POST', '/api/v1/mcp-servers', { name, transport: 'http', url: fixture.url })
    ;[one, two] = [await add('One'), await add('Two')]
    for (const { id } of [one, two]) {
      await eventually(async () =>
        expect((await owner.json<Page<unknown>>('GET', `/api/v1/mcp-servers/${id}/tools`)).data).not.toEqual([]),
      )
    }
  })
  const offered = async (serverIds: string[] | null) => {
    const { id } = await converse((await make({ serverIds })).id)
    await say(id, '!say Hello')
    return [...new Set(toolsAsked().map((name) => name.split('__')[0]!))].sort()
  }

  test('are all, those of some servers, or none', async () => {
    expect(await offered(null)).toEqual(['one', 'parley', 'two'])
    expect(await offered([two.id])).toEqual(['parley', 'two'])
    expect(await offered([])).toEqual([])
  })

  test('cannot be called by a model that was not told of them', async () => {
    const { id } = await converse((await make({ serverIds: [two.id] })).id)
    const answer = await say(id, '!tool one__echo {"message":"beyond"}')
    expect(answer.parts.find((part) => part.type === 'tool-call')).toMatchObject({
      state: 'failed',
      detail: 'There is no tool "one__echo".',
    })
  })

  test('are of servers that are there for who chooses them', async () => {
    expect(await codeOf(make({ serverIds: ['nope'] }))).toBe('invalid_request')
    await owner.json('PUT', `/api/v1/mcp-servers/${one.id}/audience`, { audience: 'chosen' })
    expect(await codeOf(make({ serverIds: [one.id] }, bea))).toBe('invalid_request')
    expect(await codeOf(make({ serverIds: [two.id] }, bea))).toBe('ok')

    // What an editor does not see they neither learn of nor take away.
    const { id } = await make({ serverIds: [one.id, two.id] })
    await share(id, bea, 'edit')
    expect((await get(id, bea)).serverIds).toEqual([two.id])
    expect((await change(id, { serverIds: [] }, bea)).serverIds).toEqual([])
    expect((await get(id)).serverIds).toEqual([one.id])
    const copy = await bea.json<Preset>('POST', `/api/v1/presets/${id}/duplicate`, {})
    expect(copy.serverIds).toEqual([])

    // Nor does using it give them more than they may use.
    const { id: conversation } = await converse(id, bea)
    await say(conversation, '!say Hello', bea)
    expect(toolsAsked()).toEqual([])
    await owner.json('PUT', `/api/v1/mcp-servers/${one.id}/audience`, { audience: 'everyone' })
  })
})
