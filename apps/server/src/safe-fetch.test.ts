import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Conversation, McpServer, Provider, SignInProvider } from '@parley/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type DnsServer, startDnsServer } from './testing/dns-server.ts'
import { eventually } from './testing/eventually.ts'
import { disguised, elsewhere, hostileNames, loopback, loopbackV6, publicAddress } from './testing/hostile-addresses.ts'
import { type LoopbackListener, listenOnLoopback } from './testing/loopback-listener.ts'
import { startHttpFixture } from './testing/mcp-fixture.ts'
import { type ScriptedModel, startScriptedModel } from './testing/scripted-model.ts'
import { startServer, type TestServer } from './testing/start-server.ts'

// P14 safe fetch, at every place that goes outward for a person. `platform/net` has its own tests; these hold the places.

/** Hostile addresses, with PORT for the listener's. Names over https too: some places take no other. */
const hosts = [...new Set([...loopback, ...loopbackV6, ...elsewhere])]
const forms = [
  ...hosts.map((host) => `http://${host}:PORT/`),
  ...['127.0.0.1', '[::1]', 'inside.example', 'inside6.example', 'mixed.example'].map(
    (host) => `https://${host}:PORT/`,
  ),
  ...disguised,
  'http://me:secret@127.0.0.1:PORT',
]
/** Those that a machine would take to its loopback. */
const reaching = [...loopback, ...loopbackV6]

/** Nobody may ever reach this one. */
let forbidden: LoopbackListener
/** What shows that the places and forms do reach something, where the operator allows it. */
let reachable: LoopbackListener
let dns: DnsServer
let model: ScriptedModel
let redirector: Server
/** Where `redirector` sends everyone. */
let target = ''
let closed: TestServer
let open: TestServer

beforeAll(async () => {
  forbidden = await listenOnLoopback()
  reachable = await listenOnLoopback()
  const rebinding = Object.fromEntries(
    ['saved', 'changed', 'tested', 'mcp'].map((place) => [`turns-${place}.example`, [[publicAddress], ['127.0.0.1']]]),
  )
  dns = await startDnsServer({ ...hostileNames, ...rebinding, 'start.example': [['127.0.0.1']] })
  model = await startScriptedModel()
  redirector = createServer((_, response) => {
    response.writeHead(target === '' ? 404 : 307, { location: target }).end()
  })
  await new Promise<void>((resolve) => redirector.listen(0, '127.0.0.1', resolve))
  const start = (allow: string) =>
    startServer({ env: { PARLEY_EGRESS_ALLOW: allow, PARLEY_MODEL_RETRIES: '0' }, resolveName: dns.resolveName })
  closed = await start(`start.example:${redirectorPort()},${new URL(model.url).host}`)
  open = await start('*')
})
afterAll(async () => {
  await closed.close()
  await open.close()
  await model.close()
  redirector.close()
  dns.close()
  await forbidden.close()
  await reachable.close()
})
afterEach(async () => {
  target = ''
  for (const server of [closed, open]) {
    for (const table of ['mcpServers', 'modelProviders', 'signInProviders'] as const) {
      await server.platform.db.deleteFrom(table).execute()
    }
  }
})

const redirectorPort = () => (redirector.address() as AddressInfo).port
const at = (form: string, { port }: LoopbackListener) => form.replace('PORT', String(port))

/** Sends JSON; the answer and its status, whatever it is. */
async function send(server: TestServer, method: string, path: string, body?: object): Promise<[number, unknown]> {
  const response = await server.owner.fetch(`/api/v1/${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return [response.status, text === '' ? undefined : JSON.parse(text)]
}

/** Whether something was refused, whichever way a place says so. */
function isRefused([status, body]: [number, unknown]): boolean {
  const { verdict, state, status: messageStatus } = body as Partial<Provider & McpServer> & { status?: string }
  return status >= 400 || verdict?.ok === false || state === 'degraded' || messageStatus === 'failed'
}

const provider = (baseUrl: string, protocol: string) => ({ name: 'Foreign', protocol, baseUrl, force: true })

/** A provider that was good once, and now has this address in the database. */
async function moveProvider(server: TestServer, baseUrl: string): Promise<Provider> {
  const [, made] = await send(server, 'POST', 'model-providers', provider(model.openaiBaseUrl, 'openai'))
  const { id } = made as Provider
  await server.platform.db.updateTable('modelProviders').set({ baseUrl }).where('id', '=', id).execute()
  server.platform.bus.publish('changed:model-settings', server.owner.signedIn.user.workspace.id)
  return made as Provider
}

async function connectMcp(server: TestServer, url: string): Promise<[number, unknown]> {
  const answer = await send(server, 'POST', 'mcp-servers', { name: 'Foreign', transport: 'http', url })
  if (answer[0] >= 400) return answer
  return [200, await untilSettled(server, (answer[1] as McpServer).id)]
}

async function untilSettled(server: TestServer, id: string): Promise<McpServer> {
  let found: McpServer | undefined
  await eventually(async () => {
    const { data } = await server.owner.json<{ data: McpServer[] }>('GET', '/api/v1/mcp-servers')
    found = data.find((each) => each.id === id)
    expect(found?.state).not.toBe('connecting')
  })
  return found!
}

const signIn = (issuer: string) => ({ kind: 'oidc', name: 'Foreign', issuer, clientId: 'parley', force: true })

/** Each place that makes a request to where a person says. */
const places: Record<string, (server: TestServer, url: string) => Promise<[number, unknown]>> = {
  'a provider of models that is added (OpenAI)': (server, url) =>
    send(server, 'POST', 'model-providers', provider(url, 'openai')),
  'a provider of models that is added (Anthropic)': (server, url) =>
    send(server, 'POST', 'model-providers', provider(url, 'anthropic')),
  async 'a provider of models that is changed'(server, baseUrl) {
    const [, made] = await send(server, 'POST', 'model-providers', provider(model.openaiBaseUrl, 'openai'))
    return send(server, 'PATCH', `model-providers/${(made as Provider).id}`, { baseUrl, force: true })
  },
  async 'a provider of models that is tested'(server, baseUrl) {
    const { id } = await moveProvider(server, baseUrl)
    return send(server, 'POST', `model-providers/${id}/test`)
  },
  async 'a message to a model'(server, baseUrl) {
    const { slug } = await moveProvider(server, baseUrl)
    const { id } = await server.owner.json<Conversation>('POST', '/api/v1/conversations', {})
    const response = await server.owner.fetch(`/api/v1/conversations/${id}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'wait' },
      body: JSON.stringify({ content: 'Hello', model: `${slug}/scripted-large` }),
    })
    return [response.status, await response.json()]
  },
  'an MCP server that is added': connectMcp,
  async 'an MCP server that is connected to'(server, url) {
    const [, made] = await send(server, 'POST', 'mcp-servers', {
      name: 'Foreign',
      transport: 'http',
      url: `http://start.example:${redirectorPort()}/`,
    })
    const { id } = made as McpServer
    await untilSettled(server, id)
    await server.platform.db.updateTable('mcpServers').set({ url, revision: 9 }).where('id', '=', id).execute()
    server.platform.bus.publish('changed:tool-settings', server.owner.signedIn.user.workspace.id)
    return [200, await untilSettled(server, id)]
  },
  'an identity provider that is added': (server, url) => send(server, 'POST', 'sign-in-providers', signIn(url)),
  async 'a sign-in through an identity provider'(server, issuer) {
    const [, made] = await send(server, 'POST', 'sign-in-providers', signIn('https://nobody.example'))
    const { id } = made as SignInProvider
    await server.platform.db.updateTable('signInProviders').set({ issuer }).where('id', '=', id).execute()
    return send(server, 'POST', `auth/providers/${id}/start`, {})
  },
}

test('many forms are tried', () => {
  expect(new Set(forms).size).toBeGreaterThan(60)
})

describe.each(Object.keys(places))('P14 safe fetch: %s', (name) => {
  const place = places[name]!

  test.each(forms)('does not reach %s', async (form) => {
    expect(isRefused(await place(closed, at(form, forbidden)))).toBe(true)
    expect(forbidden.connections()).toBe(0)
  })

  // So that the refusals mean something: where the operator allows it, the very same place arrives.
  test.each(['http://127.0.0.1:PORT/', 'http://inside.example:PORT/', `http://${reaching[4]}:PORT/`])(
    'reaches %s once the operator allows it',
    async (form) => {
      const before = reachable.connections()
      await place(open, at(form, reachable))
      await eventually(() => expect(reachable.connections()).toBeGreaterThan(before))
    },
  )

  test.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '2130706433', 'inside.example', '0'])(
    'is not led to %s by a redirect',
    async (host) => {
      target = `http://${host}:${forbidden.port}/`
      expect(isRefused(await place(closed, `http://start.example:${redirectorPort()}`))).toBe(true)
      expect(forbidden.connections()).toBe(0)
    },
  )
})

describe('P14 safe fetch: a name that answers public at the check and private at use', () => {
  test.each([
    ['turns-saved.example', 'a provider of models that is added (OpenAI)'],
    ['turns-changed.example', 'a provider of models that is changed'],
    ['turns-tested.example', 'a provider of models that is tested'],
    ['turns-mcp.example', 'an MCP server that is added'],
  ])('%s', async (name, place) => {
    const answer = await places[place]!(closed, `http://${name}:${forbidden.port}/`)
    expect(isRefused(answer)).toBe(true)
    expect(JSON.stringify(answer)).toContain('private address')
    expect(forbidden.connections()).toBe(0)
  })
})

describe('P14 safe fetch: addresses that an identity provider publishes', () => {
  let issuer: Server
  let published: Record<string, string> = {}
  let origin = ''
  let jwksAsked = 0

  beforeAll(async () => {
    issuer = createServer((request, response) => {
      const json = (body: object) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
      if (request.url === '/keys') jwksAsked++
      if (request.url !== '/token')
        return json(request.url === '/keys' ? { keys: [] } : { ...metadata(), ...published })
      const now = Math.floor(Date.now() / 1000)
      const claims = { iss: origin, aud: 'parley', sub: 'somebody', iat: now, exp: now + 60 }
      const idToken = [{ alg: 'RS256' }, claims].map((each) => Buffer.from(JSON.stringify(each)).toString('base64url'))
      return json({ access_token: 'a', token_type: 'bearer', id_token: `${idToken.join('.')}.c2lnbmF0dXJl` })
    })
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
  })
  afterAll(() => {
    issuer.close()
  })

  const metadata = () => ({
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    jwks_uri: `${origin}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  })
  /** Only the issuer itself is allowed. */
  async function withAllowed(allow: string, act: (server: TestServer) => Promise<void>): Promise<void> {
    const server = await startServer({ env: { PARLEY_EGRESS_ALLOW: allow }, resolveName: dns.resolveName })
    await act(server).finally(() => server.close())
  }

  test('are refused like any other', async () => {
    await withAllowed(new URL(origin).host, async (server) => {
      for (const field of ['token_endpoint', 'jwks_uri']) {
        for (const host of hosts) {
          published = { [field]: `http://${host}:${forbidden.port}/` }
          await send(server, 'POST', 'sign-in-providers', signIn(origin))
        }
      }
      expect(forbidden.connections()).toBe(0)
      published = {}
      await send(server, 'POST', 'sign-in-providers', signIn(origin))
      expect(jwksAsked).toBeGreaterThan(0)
    })
  })

  test.each(['token_endpoint', 'jwks_uri'])('are reached where the operator allows it: %s', async (field) => {
    await withAllowed('*', async (server) => {
      const before = reachable.connections()
      published = { [field]: `http://127.0.0.1:${reachable.port}/` }
      await send(server, 'POST', 'sign-in-providers', signIn(origin))
      expect(reachable.connections()).toBeGreaterThan(before)
    })
  })
})

describe('hosts that a workspace allows', () => {
  const allow = (hosts: string[]) => open.owner.json('PUT', '/api/v1/workspace/outbound', { hosts })
  afterEach(() => allow([]))
  const withoutIdentity = Object.keys(places).filter((name) => !name.includes('identity'))

  test.each(withoutIdentity)('%s: elsewhere is not reached, what is allowed is', async (name) => {
    const url = `http://inside.example:${forbidden.port}/`
    await allow([new URL(model.url).host, `start.example:${redirectorPort()}`, '*.elsewhere.example'])
    const answer = await places[name]!(open, url)
    expect(isRefused(answer)).toBe(true)
    expect(JSON.stringify(answer)).toContain('is not among the hosts that this workspace allows.')
    expect(forbidden.connections()).toBe(0)

    await allow([new URL(model.url).host, `start.example:${redirectorPort()}`, 'Inside.example'])
    const before = reachable.connections()
    await places[name]!(open, `http://inside.example:${reachable.port}/`)
    await eventually(() => expect(reachable.connections()).toBeGreaterThan(before))
  })

  test('a connection that is open ends when its host is allowed no more', async () => {
    const fixture = await startHttpFixture()
    const made = await open.owner.json<McpServer>('POST', '/api/v1/mcp-servers', {
      name: 'Fixture',
      transport: 'http',
      url: fixture.url,
    })
    expect((await untilSettled(open, made.id)).state).toBe('ready')
    await allow(['elsewhere.example'])
    await eventually(async () => {
      expect(await untilSettled(open, made.id)).toMatchObject({
        state: 'degraded',
        detail: expect.stringContaining('is not among the hosts'),
      })
    })
    const before = fixture.requests()
    await open.owner.fetch(`/api/v1/mcp-servers/${made.id}/reconnect`, { method: 'POST' })
    await untilSettled(open, made.id)
    expect(fixture.requests()).toBe(before)
    await allow([])
    await eventually(async () => expect((await untilSettled(open, made.id)).state).toBe('ready'))
    await open.owner.json('DELETE', `/api/v1/mcp-servers/${made.id}`)
    await fixture.close()
  })

  test.each(['*', '*:443', '10.0.0.0/8', 'https://api.example.com', 'a b', 'a.example,b.example', 'me@host.example'])(
    '%s is no host, and changes nothing',
    async (host) => {
      const [status, body] = await send(open, 'PUT', 'workspace/outbound', { hosts: ['good.example', host] })
      expect([status, (body as { code: string }).code]).toEqual([400, 'invalid_request'])
      expect(await open.owner.json('GET', '/api/v1/workspace/outbound')).toEqual({ hosts: [] })
    },
  )

  test('are told in small letters, each once', async () => {
    expect(await allow(['API.example.com', 'api.example.com', '[::1]:8080', '10.0.0.5'])).toEqual({
      hosts: ['api.example.com', '[::1]:8080', '10.0.0.5'],
    })
  })
})
