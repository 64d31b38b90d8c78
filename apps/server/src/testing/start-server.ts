import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SignedIn } from '@parley/contract'
import pino from 'pino'
import { buildServer, type Server } from '../build.ts'
import { migrations } from '../migrations.ts'
import { ensureSetup } from '../modules/identity/index.ts'
import { loadConfig } from '../platform/config/index.ts'
import type { Platform } from '../platform/context.ts'
import type { ResolveName } from '../platform/net/index.ts'
import { createLog } from '../platform/telemetry/index.ts'
import { prepareTestDataDir } from './database.ts'
import { scratchDatabase } from './services.ts'

/** Sends requests as one person or API key. Paths are relative to the server. */
export interface Caller {
  /** Answers the raw response. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Sends JSON and answers JSON; throws with the body when the status is not 2xx. */
  json<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>
  headers: Record<string, string>
}

export interface TestServer {
  url: string
  platform: Platform
  server: Server
  /** The owner, signed in with a bearer token. */
  owner: Caller & { email: string; password: string; signedIn: SignedIn }
  /** Somebody who is not signed in. */
  anyone: Caller
  close(): Promise<void>
}

export interface TestServerOptions {
  /** Environment variables, as a person would set them. */
  env?: Record<string, string>
  /** Changes the configuration after it was read. */
  adjust?: (config: ReturnType<typeof loadConfig>['config']) => void
  /** Gets every line of the log, from the least important on, as the real server writes it. Default: no log. */
  logTo?: (line: string) => void
  /** Asked for the addresses of names, instead of this machine. */
  resolveName?: ResolveName
}

const password = 'a long test password'

/** Tests send more than a person does, all from one address; those about limits set their own. */
const unhurried = {
  PARLEY_REQUESTS_PER_MINUTE: '0',
  PARLEY_EXPENSIVE_REQUESTS_PER_MINUTE: '0',
  PARLEY_ADDRESS_REQUESTS_PER_MINUTE: '0',
  PARLEY_OVERLOAD_DELAY_MS: '0',
}

/** The whole server in this process, on a free port, with a database of its own and an owner who is signed in. */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const home = await makeHome()
  const { config, secrets } = loadConfig({
    processEnv: { PORT: '0', PARLEY_DATA_DIR: home.dataDir, ...unhurried, ...home.env, ...options.env },
    folder: home.dataDir,
  })
  config.http.checkResponses = true
  options.adjust?.(config)
  const { logTo, resolveName } = options
  if (logTo) Object.assign(config.log, { level: 'trace', pretty: false })
  const log = logTo
    ? createLog(config, secrets, { write: logTo })
    : pino({ level: process.env.PARLEY_TEST_LOG ?? 'silent' })
  const embedded = { durable: false, checkpointMs: 0 }
  const onFatal = (error: Error) => log.fatal(error)
  const server = await buildServer(config, secrets, { log, embedded, resolveName, onFatal })
  const url = await server.start()
  const { setupUrl } = await ensureSetup(server.platform)
  const owner = await registerOwner(url, setupUrl)
  return {
    url,
    platform: server.platform,
    server,
    owner,
    anyone: callerFor(url, {}),
    async close() {
      await server.close()
      await home.remove()
    },
  }
}

/** Makes the first account through the set-up link. */
export async function registerOwner(url: string, setupUrl: string | null): Promise<TestServer['owner']> {
  const email = 'owner@example.com'
  const setupToken = new URL(setupUrl ?? '').hash.replace('#token=', '')
  const signedIn = await callerFor(url, {}).json<SignedIn>('POST', '/api/v1/auth/register', {
    email,
    password,
    name: 'Olivia Owner',
    workspaceName: 'Test team',
    setupToken,
  })
  return { ...callerFor(url, { authorization: `Bearer ${signedIn.accessToken}` }), email, password, signedIn }
}

/** Requests with these headers. */
export function callerFor(url: string, headers: Record<string, string>): Caller {
  return {
    headers,
    fetch: (path, init = {}) =>
      fetch(url + path, { ...init, headers: { ...headers, ...(init.headers as Record<string, string>) } }),
    async json<T>(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<T> {
      const response = await fetch(url + path, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...more },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return (text === '' ? undefined : JSON.parse(text)) as T
    },
  }
}

/** A server in a process of its own, to be killed and started again on the same data. */
export interface SpawnedServer {
  url: string
  pid: number
  /** The set-up link it printed, if it did. */
  setupUrl: string | null
  /** All it wrote so far. */
  output(): string
  /** As a power cut for the process: no handler runs. */
  kill9(): Promise<void>
  /** As an operator does it: SIGTERM, and wait. Answers the exit code. */
  terminate(): Promise<number | null>
}

/** Runs the real `main.ts` and waits until it is ready. */
export async function spawnServer(options: {
  dataDir: string
  port: number
  env?: Record<string, string>
}): Promise<SpawnedServer> {
  const { DATABASE_URL: _, ...environment } = process.env
  const url = `http://127.0.0.1:${options.port}`
  const child = spawn(process.execPath, [fileURLToPath(new URL('../main.ts', import.meta.url))], {
    cwd: options.dataDir,
    env: {
      ...environment,
      PORT: String(options.port),
      PUBLIC_URL: url,
      PARLEY_DATA_DIR: options.dataDir,
      PARLEY_LOG_LEVEL: 'info',
      // A machine that other tests keep busy is not a server with too much to do.
      PARLEY_OVERLOAD_DELAY_MS: '0',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const exited = once(child, 'exit')
  const deadline = Date.now() + 300_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${output}`)
    if (Date.now() > deadline) throw new Error(`the server did not become ready:\n${output}`)
    const ready = await fetch(`${url}/readyz`).catch(() => null)
    // The set-up link comes after the listening socket.
    if (ready?.ok && output.includes('Ready after')) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    url,
    pid: child.pid!,
    get setupUrl() {
      return /http\S+\/setup#token=\S+/.exec(output)?.[0] ?? null
    },
    output: () => output,
    async kill9() {
      child.kill('SIGKILL')
      await exited
    },
    async terminate() {
      child.kill('SIGTERM')
      const [code] = (await exited) as [number | null]
      return code
    },
  }
}

/** A place for a spawned server: a data folder with a migrated database, or one with a database on the server. */
export async function makeHome(): Promise<{
  dataDir: string
  port: number
  env: Record<string, string>
  remove(): Promise<void>
}> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-home-'))
  const port = await freePort()
  const removeFolder = async () => rmSync(dataDir, { recursive: true, force: true })
  if (process.env.PARLEY_TEST_DATABASE !== 'postgres') {
    await prepareTestDataDir(dataDir, migrations)
    return { dataDir, port, env: {}, remove: removeFolder }
  }
  const scratch = await scratchDatabase()
  const remove = async () => {
    await scratch.drop()
    await removeFolder()
  }
  return { dataDir, port, env: { DATABASE_URL: scratch.url }, remove }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}
