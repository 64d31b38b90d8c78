import type { CreatedApiKey, KeyResources, Message, Model, Page, Problem, Tool } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../testing/eventually.ts'
import { type HttpFixture, startHttpFixture } from '../../../testing/mcp-fixture.ts'
import { type ScriptedModel, startScriptedModel } from '../../../testing/scripted-model.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'
import { systemCtx } from '../index.ts'

let server: TestServer
let model: ScriptedModel
let fixture: HttpFixture
let models: string[]
let servers: string[]

beforeAll(async () => {
  model = await startScriptedModel()
  fixture = await startHttpFixture()
  server = await startServer({
    env: { OPENAI_BASE_URL: model.openaiBaseUrl, PARLEY_EGRESS_ALLOW: '127.0.0.1' },
  })
  const list = await server.owner.json<Page<Model>>('GET', '/api/v1/models')
  models = list.data.map(({ id }) => id)
  expect(models.length).toBeGreaterThan(2)
  servers = []
  for (const name of ['One', 'Two']) {
    const body = { name, transport: 'http', url: fixture.url }
    servers.push((await server.owner.json<{ id: string }>('POST', '/api/v1/mcp-servers', body)).id)
  }
  await eventually(async () => {
    for (const id of servers) expect((await toolsOf(server.owner, id)).length).toBeGreaterThan(1)
  })
})
afterAll(async () => {
  await server.close()
  await fixture.close()
  await model.close()
})

async function keyFor(resources: KeyResources): Promise<Caller & { id: string }> {
  const body = {
    name: 'Limited',
    resources,
    scopes: [
      ...['conversations:read', 'conversations:write', 'models:read', 'models:manage', 'account:read'],
      ...['tools:read', 'tools:call', 'tools:manage', 'keys:manage'],
    ],
  }
  const { key, id } = await server.owner.json<CreatedApiKey>('POST', '/api/v1/api-keys', body)
  return { ...callerFor(server.url, { authorization: `Bearer ${key}` }), id }
}

async function toolsOf(caller: Caller, id: string): Promise<Tool[]> {
  return (await caller.json<Page<Tool>>('GET', `/api/v1/mcp-servers/${id}/tools?limit=200`)).data
}

async function refusal(caller: Caller, method: string, path: string, body?: unknown): Promise<[number, string]> {
  const response = await caller.fetch(path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  return [response.status, ((await response.json()) as Problem).code]
}

const converse = (caller: Caller) => caller.json<{ id: string }>('POST', '/api/v1/conversations', {})
const say = (caller: Caller, id: string, content: string, body: Record<string, unknown> = {}) =>
  caller.json<Message>('POST', `/api/v1/conversations/${id}/messages`, { content, ...body }, { prefer: 'wait' })

describe('a key that is limited to models', () => {
  test('lists and uses those only; by default it uses the first of them', async () => {
    const [first, ...others] = models.filter((id) => id.startsWith('openai/')) as [string, string]
    const other = others[0]!
    const limited = await keyFor({ models: [other, 'openai/not-connected'] })
    const list = await limited.json<Page<Model>>('GET', '/api/v1/models')
    expect(list.data.map(({ id }) => id)).toEqual([other])
    const { id } = await converse(limited)
    expect((await say(limited, id, 'Hello')).model).toBe(other)
    const path = `/api/v1/conversations/${id}/messages`
    const refused = await refusal(limited, 'POST', path, { content: 'Hello', model: first })
    expect(refused).toEqual(await refusal(limited, 'POST', path, { content: 'Hello', model: 'openai/no-such-model' }))
    expect(refused).toEqual([422, 'model_unavailable'])
    // Nor through a conversation that was set to another model.
    await server.owner.json('PATCH', `/api/v1/conversations/${id}`, { model: first })
    expect(await refusal(limited, 'POST', path, { content: 'Hello' })).toEqual([422, 'model_unavailable'])
  })

  test('of which none is connected answers nothing, not even as the guide', async () => {
    const limited = await keyFor({ models: ['openai/not-connected'] })
    const { id } = await converse(limited)
    const path = `/api/v1/conversations/${id}/messages`
    expect(await refusal(limited, 'POST', path, { content: 'Hello' })).toEqual([422, 'model_unavailable'])
    expect(await refusal(limited, 'POST', path, { content: 'Hello', model: 'parley/guide' })).toEqual([
      422,
      'model_unavailable',
    ])
  })
})

describe('a key that is limited to MCP servers', () => {
  test('finds no other server, and neither lists nor calls its tools', async () => {
    const [one, two] = servers as [string, string]
    const limited = await keyFor({ mcpServers: [one] })
    const list = await limited.json<Page<{ id: string }>>('GET', '/api/v1/mcp-servers')
    expect(list.data.map(({ id }) => id)).toEqual([one])
    expect((await toolsOf(limited, one)).length).toBeGreaterThan(1)
    for (const [method, path, body] of [
      ['GET', `/api/v1/mcp-servers/${two}/tools`, undefined],
      ['POST', `/api/v1/mcp-servers/${two}/tools/echo/call`, { arguments: { message: 'x' } }],
      ['PUT', `/api/v1/mcp-servers/${two}/tools/echo/policy`, { policy: 'allow' }],
      ['PATCH', `/api/v1/mcp-servers/${two}`, { name: 'Mine' }],
      ['DELETE', `/api/v1/mcp-servers/${two}`, undefined],
    ] as const) {
      expect([path, await refusal(limited, method, path, body)]).toEqual([path, [404, 'not_found']])
    }
    const third = { name: 'Three', transport: 'http', url: fixture.url }
    expect(await refusal(limited, 'POST', '/api/v1/mcp-servers', third)).toEqual([403, 'forbidden'])
  })

  test('or to one tool of one, finds that only', async () => {
    const [one] = servers as [string]
    const limited = await keyFor({ mcpServers: [`${one}/echo`] })
    expect((await toolsOf(limited, one)).map(({ tool }) => tool)).toEqual(['echo'])
    const call = `/api/v1/mcp-servers/${one}/tools/echo/call`
    await limited.json('POST', call, { arguments: { message: 'hello' } })
    const others = (await toolsOf(server.owner, one)).map(({ tool }) => tool).filter((tool) => tool !== 'echo')
    for (const tool of others) {
      const path = `/api/v1/mcp-servers/${one}/tools/${tool}/call`
      expect([tool, await refusal(limited, 'POST', path, { arguments: {} })]).toEqual([tool, [404, 'not_found']])
    }
    expect(await refusal(limited, 'PATCH', `/api/v1/mcp-servers/${one}`, { enabled: false })).toEqual([
      403,
      'forbidden',
    ])
  })

  test('offers a model no other tool, also when another process goes on with the run', async () => {
    const [one] = servers as [string]
    const limited = await keyFor({ mcpServers: [`${one}/echo`] })
    const { id } = await converse(limited)
    const answer = await say(limited, id, '!tool two__echo {"message":"beyond"}')
    expect(answer.parts.find((part) => part.type === 'tool-call')).toMatchObject({
      state: 'failed',
      detail: 'There is no tool "two__echo".',
    })
    const { workspace, id: userId } = server.owner.signedIn.user
    const run = await server.platform.db
      .selectFrom('runs')
      .select(['workspaceId', 'userId', 'apiKeyId'])
      .where('conversationId', '=', id)
      .executeTakeFirstOrThrow()
    expect(run).toEqual({ workspaceId: workspace.id, userId, apiKeyId: limited.id })
    const { actor } = await systemCtx(server.platform, run, 'take-over')
    expect(actor).toMatchObject({ kind: 'system', apiKeyId: limited.id, resources: { mcpServers: [`${one}/echo`] } })
    expect(actor.scopes.has('people:manage')).toBe(false)
  })
})

describe('a key that is limited to conversations', () => {
  test('finds no other, and begins none', async () => {
    const [mine, other] = [await converse(server.owner), await converse(server.owner)]
    const said = await say(server.owner, other.id, 'Hello')
    const limited = await keyFor({ conversations: [mine.id] })
    const list = await limited.json<Page<{ id: string }>>('GET', '/api/v1/conversations')
    expect(list.data.map(({ id }) => id)).toEqual([mine.id])
    const answer = await say(limited, mine.id, 'Hello')
    expect(answer.status).toBe('complete')
    for (const [method, path, body] of [
      ['GET', `/api/v1/conversations/${other.id}`, undefined],
      ['PATCH', `/api/v1/conversations/${other.id}`, { title: 'Mine' }],
      ['DELETE', `/api/v1/conversations/${other.id}`, undefined],
      ['GET', `/api/v1/conversations/${other.id}/messages`, undefined],
      ['POST', `/api/v1/conversations/${other.id}/messages`, { content: 'Hello' }],
      ['POST', `/api/v1/messages/${said.id}/regenerate`, {}],
      ['GET', `/api/v1/runs/${said.runId}`, undefined],
      ['GET', `/api/v1/runs/${said.runId}/events`, undefined],
      ['POST', `/api/v1/runs/${said.runId}/stop`, undefined],
    ] as const) {
      expect([path, await refusal(limited, method, path, body)]).toEqual([path, [404, 'not_found']])
    }
    expect(await refusal(limited, 'POST', '/api/v1/conversations', {})).toEqual([403, 'forbidden'])
  })

  test('hears of no other over the socket', async () => {
    const [mine, other] = [await converse(server.owner), await converse(server.owner)]
    const limited = await keyFor({ conversations: [mine.id] })
    const Socket = WebSocket as unknown as new (url: string, options: { headers: Record<string, string> }) => WebSocket
    const socket = new Socket(`${server.url.replace('http', 'ws')}/api/v1/ws`, { headers: limited.headers })
    const heard: string[] = []
    socket.addEventListener('message', ({ data }) => {
      heard.push((JSON.parse(String(data)) as { conversationId: string }).conversationId)
    })
    await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
    await server.owner.json('PATCH', `/api/v1/conversations/${other.id}`, { title: 'Other' })
    await server.owner.json('PATCH', `/api/v1/conversations/${mine.id}`, { title: 'Mine' })
    await eventually(() => expect(heard).toEqual([mine.id]))
    socket.close()
  })
})
