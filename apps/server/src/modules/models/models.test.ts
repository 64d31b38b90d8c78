import type { Model, Page, Provider } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ScriptedModel, startScriptedModel } from '../../testing/scripted-model.ts'
import { startServer, type TestServer } from '../../testing/start-server.ts'

let provider: ScriptedModel
let server: TestServer

beforeAll(async () => {
  provider = await startScriptedModel({ models: ['gpt-4o', 'text-embedding-3-small', 'scripted-small'] })
  const { host } = new URL(provider.url)
  server = await startServer({
    env: { OPENAI_BASE_URL: provider.openaiBaseUrl, OPENAI_API_KEY: 'sk-of-the-operator', PARLEY_EGRESS_ALLOW: host },
  })
})
afterAll(async () => {
  await server?.close()
  await provider?.close()
})

const list = () => server.owner.json<Page<Model>>('GET', '/api/v1/models')
const providers = () => server.owner.json<Page<Provider>>('GET', '/api/v1/model-providers')
const post = (body: unknown, headers = {}) =>
  server.owner.fetch('/api/v1/model-providers', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
const create = (name: string, more: object = {}) =>
  server.owner.json<Provider>('POST', '/api/v1/model-providers', {
    name,
    protocol: 'openai',
    baseUrl: `${provider.openaiBaseUrl}/`,
    apiKey: 'sk-workspace-1234567890',
    ...more,
  })

test("the operator's provider is there at once, the best model first, the guide last, nothing that is not for chat", async () => {
  const { data } = await list()
  expect(data.map((model) => model.id)).toEqual(['openai/gpt-4o', 'openai/scripted-small', 'parley/guide'])
  expect(data[0]).toMatchObject({ isDefault: true, contextTokens: 128_000, price: null })
  const { data: known } = await providers()
  expect(known).toMatchObject([
    { id: 'openai', source: 'environment', hasKey: true, keyHint: 'ator', verdict: { ok: true, modelCount: 2 } },
    { id: 'parley', source: 'built-in', protocol: 'guide' },
  ])
})

test('lists come in pages', async () => {
  const first = await server.owner.json<Page<Model>>('GET', '/api/v1/models?limit=2')
  expect(first.data).toHaveLength(2)
  const rest = await server.owner.json<Page<Model>>('GET', `/api/v1/models?limit=2&cursor=${first.nextCursor}`)
  expect(rest).toMatchObject({ data: [{ id: 'parley/guide' }], nextCursor: null })
  expect((await server.owner.fetch('/api/v1/models?cursor=nonsense')).status).toBe(400)
})

describe('a provider entered in the app', () => {
  test('is tried, kept sealed, never shown its key, and can be used, changed and deleted', async () => {
    const told: unknown[] = []
    const { workspaceId } = await server.platform.db
      .selectFrom('memberships')
      .select('workspaceId')
      .executeTakeFirstOrThrow()
    const unsubscribe = server.platform.bus.subscribe(`changes:workspace:${workspaceId}`, (change) => told.push(change))
    const made = await create('My Server')
    expect(made).toMatchObject({
      slug: 'my-server',
      source: 'workspace',
      hasKey: true,
      keyHint: '7890',
      verdict: { ok: true },
    })
    expect(JSON.stringify(await providers())).not.toContain('sk-workspace')
    const row = await server.platform.db.selectFrom('modelProviders').selectAll().executeTakeFirstOrThrow()
    expect(JSON.stringify(row)).not.toContain('sk-workspace')
    expect((await list()).data.map((model) => model.id)).toContain('my-server/gpt-4o')
    expect(told).toEqual([{ type: 'models-changed' }])
    unsubscribe()

    const renamed = await server.owner.json<Provider>('PATCH', `/api/v1/model-providers/${made.id}`, { name: 'Ours' })
    expect(renamed).toMatchObject({ name: 'Ours', slug: 'my-server', hasKey: true })
    const tested = await server.owner.json<Provider>('POST', `/api/v1/model-providers/${made.id}/test`)
    expect(tested.verdict.ok).toBe(true)
    expect((await server.owner.fetch(`/api/v1/model-providers/${made.id}`, { method: 'DELETE' })).status).toBe(204)
    expect((await server.owner.fetch(`/api/v1/model-providers/${made.id}/test`, { method: 'POST' })).status).toBe(404)
    expect((await list()).data.map((model) => model.id)).not.toContain('my-server/gpt-4o')
  })

  test('that does not work is kept only when forced, and says why', async () => {
    const nobody = { name: 'Nobody', protocol: 'openai', baseUrl: `${provider.url}/elsewhere` }
    const refused = await post(nobody)
    expect(refused.status).toBe(422)
    expect(await refused.json()).toMatchObject({ code: 'unprocessable', errors: [{ pointer: '/baseUrl' }] })
    expect((await providers()).data.map(({ name }) => name)).not.toContain('Nobody')
    const forced = await create('Nobody', { baseUrl: nobody.baseUrl, force: true })
    expect(forced.verdict).toMatchObject({ ok: false, code: 'not_a_provider' })
    await server.owner.fetch(`/api/v1/model-providers/${forced.id}`, { method: 'DELETE' })
  })

  test('may not be at a private address that the operator did not allow, forced or not (P14)', async () => {
    for (const baseUrl of ['http://127.0.0.1:1/v1', 'http://169.254.169.254/v1', 'http://[::1]/v1']) {
      const response = await post({ name: 'Inside', protocol: 'openai', baseUrl, force: true })
      expect(await response.json()).toMatchObject({ status: 422, code: 'egress_refused' })
    }
  })

  test('moved to another server wants its key again', async () => {
    const made = await create('Mover')
    const response = await server.owner.fetch(`/api/v1/model-providers/${made.id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ baseUrl: 'https://example.com/v1', force: true }),
    })
    expect(await response.json()).toMatchObject({ status: 400, errors: [{ pointer: '/apiKey' }] })
    await server.owner.fetch(`/api/v1/model-providers/${made.id}`, { method: 'DELETE' })
  })

  test('is made once when the request is repeated, and beside another of its name', async () => {
    const body = { name: 'Twice', protocol: 'openai', baseUrl: provider.openaiBaseUrl }
    const headers = { 'idempotency-key': 'a-key-of-the-client' }
    const first = (await (await post(body, headers)).json()) as Provider
    const again = (await (await post(body, headers)).json()) as Provider
    expect(again.id).toBe(first.id)
    const second = await create('Twice')
    expect([first.slug, second.slug]).toEqual(['twice', 'twice-2'])
    for (const { id } of [first, second])
      await server.owner.fetch(`/api/v1/model-providers/${id}`, { method: 'DELETE' })
  })

  test('of the same name, made at once by several, each get a slug of their own', async () => {
    const made = await Promise.all(Array.from({ length: 4 }, () => create('Same')))
    expect(new Set(made.map(({ slug }) => slug)).size).toBe(4)
    for (const { id } of made) await server.owner.fetch(`/api/v1/model-providers/${id}`, { method: 'DELETE' })
  })

  test('whose key cannot be opened any more says so, and can still be renamed', async () => {
    const made = await create('Locked')
    const elsewhere = server.platform.keyring.seal('sk-any', 'another row')
    await server.platform.db
      .updateTable('modelProviders')
      .set({ sealedKey: elsewhere })
      .where('id', '=', made.id)
      .execute()
    const tested = await server.owner.json<Provider>('POST', `/api/v1/model-providers/${made.id}/test`)
    expect(tested.verdict).toMatchObject({ ok: false, code: 'auth', detail: expect.stringContaining('Enter it again') })
    await server.owner.json('PATCH', `/api/v1/model-providers/${made.id}`, { name: 'Still locked' })
    await server.owner.fetch(`/api/v1/model-providers/${made.id}`, { method: 'DELETE' })
  })

  test("cannot be the operator's: those are not changed here", async () => {
    for (const method of ['PATCH', 'DELETE']) {
      const response = await server.owner.fetch('/api/v1/model-providers/openai', {
        method,
        ...(method === 'PATCH' ? { headers: { 'content-type': 'application/json' }, body: '{"name":"x"}' } : {}),
      })
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.status).toBeLessThan(500)
    }
    expect((await providers()).data[0]?.name).not.toBe('x')
  })

  test('is refused by its key', async () => {
    expect((await server.anyone.fetch('/api/v1/model-providers')).status).toBe(401)
  })
})

test('the default is chosen by the workspace, and left to Parley again', async () => {
  const put = (model: string | null) => server.owner.json<{ model: string }>('PUT', '/api/v1/models/default', { model })
  expect(await put('parley/guide')).toEqual({ model: 'parley/guide' })
  expect((await list()).data[0]).toMatchObject({ id: 'parley/guide', isDefault: true })
  await expect(put('openai/never-heard-of')).rejects.toThrow('model_unavailable')
  expect(await put(null)).toEqual({ model: 'openai/gpt-4o' })
})

test('a page of the manual', async () => {
  const page = await server.owner.json<{ markdown: string; title: string }>('GET', '/api/v1/guide/models')
  expect(page.title).toBe('Models')
  expect(page.markdown).toContain('## Connect a model')
  expect((await server.owner.fetch('/api/v1/guide/nothing')).status).toBe(404)
})

test('a start while the provider is away still knows its models', async () => {
  const rows = await server.platform.db.selectFrom('environmentModels').selectAll().execute()
  expect(rows).toMatchObject([{ slug: 'openai', baseUrl: provider.openaiBaseUrl }])
  expect(rows[0]?.models.map(({ name }) => name)).toContain('gpt-4o')
})
