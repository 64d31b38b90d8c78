import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { DeclaredMcpServer } from '../../platform/config/index.ts'
import type { Ctx, Platform } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { makePlatform } from '../../testing/make-platform.ts'
import { type StdioMode, startHttpFixture, stdioFixture } from '../../testing/mcp-fixture.ts'
import { slowness, within } from '../../testing/pace.ts'
import { migrations as files } from '../files/index.ts'
import { migrations as identity } from '../identity/index.ts'
import { migrations as sharing } from '../sharing/index.ts'
import { connectionsOf } from './connections.ts'
import { callTool, closeTools, listOfferedTools, startTools, migrations as tools } from './index.ts'
import { listServers, presentServer } from './servers.ts'

const migrations = [...identity, ...sharing, ...files, ...tools]
const open: (() => Promise<void>)[] = []
let made: Awaited<ReturnType<typeof makePlatform>>

beforeAll(async () => {
  made = await makePlatform(migrations)
})

afterAll(() => made.drop())

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const program = (slug: string, mode: StdioMode = 'old', env: Record<string, string> = {}): DeclaredMcpServer => ({
  slug,
  name: slug,
  transport: 'stdio',
  cwd: tmpdir(),
  ...stdioFixture(mode, env),
})
const address = (slug: string, url: string): DeclaredMcpServer => ({ slug, name: slug, transport: 'http', url })

/** A platform with these servers declared, and somebody in a workspace. */
async function withServers(declared: DeclaredMcpServer[], connectTimeoutMs = within(2_500)): Promise<Ctx> {
  const { config, database } = made.platform
  // Another handle on the same database: connections of its own.
  const platform: Platform = {
    ...made.platform,
    database: { ...database },
    config: { ...config, tools: { ...config.tools, declared, connectTimeoutMs, callTimeoutMs: within(5_000) } },
  }
  open.push(() => closeTools(platform))
  startTools(platform)
  return contextOf(platform)
}

function contextOf(platform: Platform): Ctx {
  return {
    ...platform,
    actor: {
      kind: 'system',
      credentialId: 'test',
      userId: newId(),
      workspaceId: newId(),
      role: 'owner',
      scopes: new Set(),
    },
    requestId: newId(),
    signal: AbortSignal.timeout(240_000),
  }
}

const server = async (ctx: Ctx, slug: string) =>
  presentServer(ctx, (await listServers(ctx)).find((found) => found.slug === slug)!)
const state = async (ctx: Ctx, slug: string) => (await server(ctx, slug)).state
const hello = (ctx: Ctx, slug: string) =>
  callTool(ctx, { name: `${slug}__hello`, arguments: {} }, { signal: AbortSignal.timeout(120_000) })
const names = async (ctx: Ctx) => (await listOfferedTools(ctx, { patient: true })).map(({ name }) => name)
const processesWith = (text: string) =>
  execFileSync('ps', ['-eo', 'pid,pgid,args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(text))

describe('P9 bulkheads', () => {
  /** The other server is called in time, and the process has time for more. */
  async function expectOthersUnharmed(ctx: Ctx): Promise<void> {
    await expect.poll(() => state(ctx, 'good')).toBe('ready')
    const startedAt = performance.now()
    const cpuBefore = process.cpuUsage()
    for (let round = 0; round < 10; round++) {
      const calledAt = performance.now()
      expect((await hello(ctx, 'good')).isError).toBe(false)
      expect(performance.now() - calledAt).toBeLessThan(within(2_000))
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const { user, system } = process.cpuUsage(cpuBefore)
    // Listening to one that floods takes a share of a processor, not all of it.
    expect((user + system) / 1000 / (performance.now() - startedAt)).toBeLessThan(0.6 * slowness())
  }

  test.each<StdioMode>(['hangs', 'hangs-at-list', 'crashes', 'floods-stderr', 'floods-notifications'])(
    'one program that %s changes nothing for the others',
    async (mode) => {
      const ctx = await withServers([program('bad', mode), program('good')])
      const startedAt = performance.now()
      expect(await names(ctx)).toContain('good__hello')
      expect(performance.now() - startedAt).toBeLessThan(within(5_500))
      await expectOthersUnharmed(ctx)
    },
  )

  test('nor does an address that hangs, or refuses', async () => {
    const hanging = await startHttpFixture({ hangs: true })
    const refusing = await startHttpFixture({ token: 'secret' })
    open.push(hanging.close, refusing.close)
    const ctx = await withServers([address('bad', hanging.url), address('worse', refusing.url), program('good')])
    expect(await names(ctx)).toContain('good__hello')
    await expectOthersUnharmed(ctx)
    await expect.poll(() => state(ctx, 'bad')).toBe('degraded')
    expect((await server(ctx, 'worse')).detail).toContain('HTTP 401')
    const asked = refusing.requests()
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(refusing.requests()).toBe(asked) // no loop: what was refused is not asked again soon
  })

  test('nor does one that answers with more than can be held', async () => {
    const ctx = await withServers([program('bad', 'huge'), program('good')])
    await names(ctx)
    const calling = hello(ctx, 'bad').catch((error) => error)
    const startedAt = performance.now()
    expect((await hello(ctx, 'good')).isError).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(within(1_500))
    expect(await calling).toMatchObject({ code: 'tool_failed', message: expect.stringContaining('more than 50 MB') })
    await expect.poll(() => state(ctx, 'bad')).toBe('ready')
  })
})

describe('P10 stable prefix', () => {
  test('the list of tools is byte-identical, whatever order servers started in', async () => {
    const first = await startHttpFixture({ only: ['slow', 'echo', 'add'] })
    const second = await startHttpFixture({ only: ['add', 'echo', 'slow'] })
    open.push(first.close, second.close)
    const one = await withServers([program('zeta'), address('beta', first.url), address('alpha', second.url)])
    await expect.poll(async () => (await names(one)).length).toBe(8)
    const other = await withServers([address('alpha', second.url), address('beta', second.url), program('zeta')])
    await expect.poll(async () => (await names(other)).length).toBe(8)
    expect(JSON.stringify(await listOfferedTools(other))).toBe(JSON.stringify(await listOfferedTools(one)))
    expect(await names(one)).toEqual([...(await names(one))].sort())
  })

  test('a server that is briefly down keeps its tools on the list, and a call waits for it', async () => {
    const fixture = await startHttpFixture({ only: ['echo'] })
    const ctx = await withServers([address('web', fixture.url)])
    const before = JSON.stringify(await listOfferedTools(ctx))
    expect(before).toContain('web__echo')
    const port = Number(new URL(fixture.url).port)
    await fixture.close()
    await expect.poll(() => state(ctx, 'web')).toBe('degraded')
    expect(JSON.stringify(await listOfferedTools(ctx))).toBe(before)
    const call = () =>
      callTool(ctx, { name: 'web__echo', arguments: { message: 'hi' } }, { signal: AbortSignal.timeout(120_000) })
    await expect(call()).rejects.toMatchObject({ code: 'tool_server_unavailable' })

    const again = await startHttpFixture({ only: ['echo'], port })
    open.push(again.close)
    expect((await call()).content).toEqual([{ type: 'text', text: 'hi' }])
    expect(await state(ctx, 'web')).toBe('ready')
  })
})

describe('programs', () => {
  test('an old one that ends at what it does not know is greeted the old way, from then on at once', async () => {
    const ctx = await withServers([program('old', 'exits-at-discover')])
    expect(await names(ctx)).toContain('old__hello')
    expect((await hello(ctx, 'old')).isError).toBe(false)
    expect((await server(ctx, 'old')).serverInfo?.protocolVersion).toBe('2025-11-25')
  })

  test('one that ends is started again, with growing pauses, and says why without secrets', async () => {
    const ctx = await withServers([program('broken', 'crashes', { API_KEY: 'key-that-nobody-sees' })])
    await names(ctx)
    const { state: shown, detail } = await server(ctx, 'broken')
    expect(shown).toBe('degraded')
    expect(detail).toContain('ended with code 1')
    expect(detail).toContain('Cannot start: the key ••• is not valid.')
  })

  test('one that is not there is named', async () => {
    const ctx = await withServers([{ ...program('missing'), command: 'no-such-program' }])
    await names(ctx)
    expect((await server(ctx, 'missing')).detail).toContain('"no-such-program" was not found')
  })

  test('one that was killed comes back by itself', async () => {
    const ctx = await withServers([program('good', 'old', { MARK: 'killed-one' })])
    const before = await names(ctx)
    const connection = connectionsOf(ctx).of((await listServers(ctx))[0]!)!
    const { firstAttempt } = connection
    await firstAttempt
    const pid = Number(processesWith('mcp-stdio-server.ts old').at(-1)!.trim().split(/\s+/)[0])
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => state(ctx, 'good'), { interval: 20 }).toBe('degraded')
    expect(await names(ctx)).toEqual(before)
    await expect.poll(() => state(ctx, 'good')).toBe('ready')
  })

  test('none is left when the server ends, not even a stubborn one or what it started', async () => {
    const ctx = await withServers([program('stubborn', 'stubborn')])
    expect(await names(ctx)).toContain('stubborn__hello')
    const [line] = processesWith('mcp-stdio-server.ts stubborn')
    const group = line!.trim().split(/\s+/)[1]!
    const members = () => processesWith(` ${group} `)
    expect(members().length).toBeGreaterThan(1)
    await closeTools(ctx)
    await expect.poll(() => members()).toEqual([])
  })
})

test('no program outlives a server that was killed', async () => {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  const { command, args } = stdioFixture('stubborn')
  const script = `
    const { StdioTransport } = await import(${url('./stdio-transport.ts')})
    const transport = new StdioTransport(${JSON.stringify({ command, args, env: {}, cwd: tmpdir() })})
    await transport.start()
    console.log(transport.pid)
    setInterval(() => undefined, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [text] = (await once(parent.stdout, 'data')) as [Buffer]
  const group = text.toString().trim()
  await expect.poll(() => processesWith(` ${group} `).length).toBeGreaterThan(1)
  parent.kill('SIGKILL')
  await expect.poll(() => processesWith(` ${group} `)).toEqual([])
})

test('a session that the server forgot is opened again, and the refused call made once more', async () => {
  const sessions = new Set<string>()
  let calls = 0
  const old = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      if (request.method !== 'POST') return response.writeHead(405).end()
      const message = JSON.parse(body) as { id?: number; method: string; params?: { protocolVersion?: string } }
      const answer = (result: object, headers = {}) =>
        response
          .writeHead(200, { 'content-type': 'application/json', ...headers })
          .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }))
      if (message.method === 'initialize') {
        const id = newId()
        sessions.add(id)
        const capabilities = { tools: {} }
        const { protocolVersion } = message.params!
        return answer(
          { protocolVersion, capabilities, serverInfo: { name: 'old', version: '1' } },
          { 'mcp-session-id': id },
        )
      }
      if (!sessions.has(String(request.headers['mcp-session-id'])))
        return response.writeHead(404).end('Session not found')
      if (message.id === undefined) return response.writeHead(202).end()
      if (message.method === 'tools/list')
        return answer({ tools: [{ name: 'hello', inputSchema: { type: 'object' } }] })
      calls++
      return answer({ content: [{ type: 'text', text: 'hello' }] })
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => old.once('listening', resolve))
  open.push(async () => void old.close())
  const ctx = await withServers([address('old', `http://127.0.0.1:${(old.address() as AddressInfo).port}/mcp`)])
  expect(await names(ctx)).toContain('old__hello')
  expect((await hello(ctx, 'old')).isError).toBe(false)
  sessions.clear() // it was restarted
  expect((await hello(ctx, 'old')).content).toEqual([{ type: 'text', text: 'hello' }])
  expect(calls).toBe(2)
})
