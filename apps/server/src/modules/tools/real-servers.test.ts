import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { McpServer, Page } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Ctx } from '../../platform/context.ts'
import { startServer, type TestServer } from '../../testing/start-server.ts'
import { systemCtx } from '../identity/index.ts'
import { callTool, listOfferedTools } from './index.ts'

// MCP servers that others wrote and people use.
const { resolve } = createRequire(import.meta.url)
const everything = resolve('@modelcontextprotocol/server-everything/dist/index.js')
const filesystem = resolve('@modelcontextprotocol/server-filesystem/dist/index.js')

const folder = mkdtempSync(join(tmpdir(), 'parley-files-'))
let web: ChildProcess
let server: TestServer
let ctx: Ctx

beforeAll(async () => {
  writeFileSync(join(folder, 'hello.txt'), 'Hello from a file.')
  const port = await freePort()
  web = spawn(process.execPath, [everything, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
  })
  const url = `http://127.0.0.1:${port}/mcp`
  while (!(await fetch(url).catch(() => undefined))) await new Promise((resolve) => setTimeout(resolve, 50))
  const program = { transport: 'stdio' as const, command: process.execPath, cwd: folder }
  server = await startServer({
    adjust: ({ tools }) => {
      tools.declared = [
        { slug: 'everything', name: 'everything', ...program, args: [everything, 'stdio'] },
        { slug: 'web', name: 'web', transport: 'http', url },
        { slug: 'files', name: 'files', ...program, args: [filesystem, folder] },
      ]
    },
  })
  const { user } = server.owner.signedIn
  ctx = await systemCtx(server.platform, { workspaceId: user.workspace.id, userId: user.id }, 'test')
})

afterAll(async () => {
  await server?.close()
  web.kill()
  await once(web, 'exit')
})

const call = (name: string, args: Record<string, unknown>) =>
  callTool(ctx, { name, arguments: args }, { signal: AbortSignal.timeout(120_000) })

test('all three connect, by the older protocol that they speak', async () => {
  const tools = await listOfferedTools(ctx)
  const { data } = await server.owner.json<Page<McpServer>>('GET', '/api/v1/mcp-servers')
  expect(data.map(({ slug, state, detail }) => [slug, state, detail])).toEqual([
    ['everything', 'ready', null],
    ['files', 'ready', null],
    ['web', 'ready', null],
  ])
  expect(tools.length).toBeGreaterThan(25)
  for (const { name } of tools) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
})

describe.each(['everything', 'web'])('server-everything as %s', (slug) => {
  test('echoes, adds, draws, structures', async () => {
    expect((await call(`${slug}__echo`, { message: 'hi' })).content).toEqual([{ type: 'text', text: 'Echo: hi' }])
    expect((await call(`${slug}__get-sum`, { a: 2, b: 3 })).content).toMatchObject([
      { text: expect.stringContaining('5') },
    ])
    const image = await call(`${slug}__get-tiny-image`, {})
    expect(image.content).toContainEqual({ type: 'image', fileId: expect.any(String), mediaType: 'image/png' })
    const weather = await call(`${slug}__get-structured-content`, { location: 'New York' })
    expect(weather.structured).toMatchObject({ temperature: expect.any(Number) })
  })

  test('tells how far it is', async () => {
    const seen: number[] = []
    await callTool(
      ctx,
      { name: `${slug}__trigger-long-running-operation`, arguments: { duration: 0.6, steps: 3 } },
      { signal: AbortSignal.timeout(120_000), onProgress: ({ done }) => seen.push(done) },
    )
    expect(seen.slice(0, 2)).toEqual([1, 2]) // the last one may come together with the result
  })
})

test('server-filesystem reads unasked and writes when asked to', async () => {
  const tools = await listOfferedTools(ctx)
  const policyOf = (name: string) => tools.find((tool) => tool.name === name)?.policy
  expect(policyOf('files__read_text_file')).toBe('allow')
  expect(policyOf('files__write_file')).toBe('ask')
  const read = await call('files__read_text_file', { path: join(folder, 'hello.txt') })
  expect(read.content).toEqual([{ type: 'text', text: 'Hello from a file.' }])
  await call('files__write_file', { path: join(folder, 'new.txt'), content: 'Written.' })
  expect(readFileSync(join(folder, 'new.txt'), 'utf8')).toBe('Written.')
  expect(await call('files__read_text_file', { path: '/etc/passwd' })).toMatchObject({ isError: true })
})

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}
