import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeHome, registerOwner, type SpawnedServer, spawnServer } from './testing/start-server.ts'

const mainFile = fileURLToPath(new URL('./main.ts', import.meta.url))

/** A start that is expected to fail. */
async function failedStart(
  dataDir: string,
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [mainFile], {
    cwd: dataDir,
    env: { PATH: process.env.PATH, PARLEY_DATA_DIR: dataDir, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const code = await new Promise<number | null>((resolve) => child.once('close', (exit) => resolve(exit)))
  return { code, output }
}

describe('a server that runs', () => {
  const secrets = {
    OPENAI_API_KEY: 'the-openai-key-of-this-test',
    PARLEY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    MCP_TOKEN: 'the-token-for-a-tool-server',
  }
  let home: Awaited<ReturnType<typeof makeHome>>
  let server: SpawnedServer
  let provider: Server

  beforeAll(async () => {
    home = await makeHome()
    provider = createServer((_request, response) => response.writeHead(401).end('{}')).listen(0, '127.0.0.1')
    await once(provider, 'listening')
    const { port } = provider.address() as AddressInfo
    writeFileSync(
      join(home.dataDir, 'parley.json'),
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how parley.json names variables
      '{"mcpServers": {"gone": {"url": "http://127.0.0.1:9/mcp", "headers": {"Authorization": "Bearer ${MCP_TOKEN}"}}}}',
    )
    const env = { ...home.env, ...secrets, OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, PARLEY_LOG_LEVEL: 'trace' }
    server = await spawnServer({ dataDir: home.dataDir, port: home.port, env })
  })
  afterAll(async () => {
    await server.kill9()
    provider.close()
    await home.remove()
  })

  test('never writes a secret of a session into its log', async () => {
    const owner = await registerOwner(server.url, server.setupUrl)
    const { key } = await owner.json<{ key: string }>('POST', '/api/v1/api-keys', { name: 'Key' })
    const login = await fetch(`${server.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: owner.email, password: owner.password }),
    })
    const cookie = login.headers.getSetCookie().map((line) => line.split(';')[0]!)
    const signedIn = (await login.json()) as { accessToken: string; refreshToken: string }
    await fetch(`${server.url}/api/v1/me?token=in-the-address`, { headers: { cookie: cookie.join('; ') } })
    await fetch(`${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${key}` } })
    await fetch(`${server.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"password":"wrong-password-1"',
    })

    const log = server.output().replace(server.setupUrl ?? '', '')
    expect(log.split('\n').filter((line) => line.includes('"request"')).length).toBeGreaterThan(4)
    const used = [
      ...Object.values(secrets),
      owner.password,
      key,
      signedIn.accessToken,
      signedIn.refreshToken,
      ...cookie.map((line) => line.slice(line.indexOf('=') + 1)),
      new URL(server.setupUrl ?? '').hash.replace('#token=', ''),
      'in-the-address',
      'wrong-password-1',
    ]
    for (const secret of used) expect(log).not.toContain(secret)
  })

  test('says so when its port is taken', async () => {
    const other = await makeHome()
    const { code, output } = await failedStart(other.dataDir, { ...other.env, PORT: String(home.port) })
    await other.remove()
    expect(code).toBe(1)
    expect(output).toContain(`Port ${home.port} is taken`)
  })

  // On a PostgreSQL server there is no folder to own.
  const embedded = process.env.PARLEY_TEST_DATABASE !== 'postgres'
  if (embedded) {
    test('refuses a second one on its data folder', async () => {
      const { code, output } = await failedStart(home.dataDir, {
        PARLEY_MASTER_KEY: secrets.PARLEY_MASTER_KEY,
        MCP_TOKEN: 'x',
      })
      expect(code).toBe(1)
      expect(output).toMatch(/in use|another/i)
    })
  }

  test('describes itself', async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: Record<string, object> }
    expect(Object.keys(document.paths)).toContain('/api/v1/conversations/{id}/messages')
  })
})

test('a configuration with problems stops the start with all of them, and exit code 78', async () => {
  const home = await makeHome()
  writeFileSync(join(home.dataDir, '.env'), 'PARLEY_MAX_STEPS=many\nPARLEY_SIGNUP=all\n')
  const { code, output } = await failedStart(home.dataDir, {})
  await home.remove()
  expect(code).toBe(78)
  expect(output).toMatch(/PARLEY_SIGNUP .*PARLEY_MAX_STEPS /s)
})

test('a database that cannot be reached stops the start; nothing else takes its place', async () => {
  const home = await makeHome()
  const { code, output } = await failedStart(home.dataDir, { DATABASE_URL: 'postgres://me:hidden-pw@127.0.0.1:9/x' })
  await home.remove()
  expect(code).toBe(1)
  expect(output).toContain('DATABASE_URL')
  expect(output).toContain('127.0.0.1:9')
  expect(output).not.toContain('hidden-pw')
})
