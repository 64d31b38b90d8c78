import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, type ClientRequest, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeDatabase } from './database.ts'
import { type Child, startNode, startScript, stopChild } from './processes.ts'
import { inParallel, until, within } from './waiting.ts'

/** Something that streams replies: the provider itself, the pipe, or Parley. */
export interface Subject {
  name: string
  /** Whose CPU and memory count. */
  pid: number
  /** Makes what a stream needs beforehand (Parley: a conversation). */
  prepare(model: string, count: number): Promise<StreamRequest[]>
  /** Asks to stop each stream; the pipe knows no other way than leaving. */
  stop(streams: OpenStream[]): Promise<void>
  close(): Promise<void>
}

export interface StreamRequest {
  port: number
  path: string
  headers: Record<string, string>
  body: string
}

export interface OpenStream {
  request: ClientRequest
  runId: string | null
  /** Resolves with milliseconds from sending to the first chunk of the answer; fails where it ends without one. */
  firstChunk: Promise<number>
  ended: Promise<void>
}

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
/** Chunks that arrived at clients so far. */
export const received = { chunks: 0 }

/** Sends one request, resolves when its answer begins, and counts the chunks of it. */
export async function openStream(from: StreamRequest): Promise<OpenStream> {
  const startedAt = performance.now()
  const { port, path, headers, body } = from
  const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers })
  outgoing.end(body)
  const [answer] = await within(30_000, `an answer to ${path} began`, once(outgoing, 'response'))
  // From here on an error is a connection that one side closed.
  outgoing.on('error', () => {})
  answer.on('error', () => {})
  if (answer.statusCode !== 200) {
    const [text] = await within(5_000, 'the refusal arrived', once(answer, 'data'))
    throw new Error(`${path}: ${answer.statusCode} ${text}`)
  }
  const first = Promise.withResolvers<number>()
  // Not everyone waits for it.
  first.promise.catch(() => {})
  let begun = false
  answer.on('data', (bytes: Buffer) => {
    const chunks = countOf(bytes, marker)
    received.chunks += chunks
    if (begun || chunks === 0) return
    begun = true
    first.resolve(performance.now() - startedAt)
  })
  const ended = new Promise<void>((resolve) => answer.once('close', () => resolve()))
  ended.then(() => first.reject(new Error(`${path}: the answer ended without a chunk`)))
  const runId = answer.headers['parley-run-id']
  return { request: outgoing, runId: typeof runId === 'string' ? runId : null, firstChunk: first.promise, ended }
}

/** Begins every chunk of the bench's provider, wherever it passed through; in a snapshot of the whole text it is once. */
const marker = Buffer.from('" twelve')

function countOf(bytes: Buffer, needle: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + needle.length)) count += 1
  return count
}

/** Asks a server that speaks the OpenAI protocol: the provider itself or the pipe. */
export function openAiSubject(name: string, child: Child): Subject {
  return {
    name,
    pid: child.pid,
    async prepare(model, count) {
      const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hello there' }] })
      const headers = { 'content-type': 'application/json', authorization: 'Bearer x' }
      return Array.from({ length: count }, () => ({ port: child.port, path: '/v1/chat/completions', headers, body }))
    },
    async stop(streams) {
      for (const stream of streams) stream.request.destroy()
    },
    close: () => child.stop(),
  }
}

/** The pipe before the provider. */
export async function pipeSubject(provider: Child): Promise<Subject> {
  return openAiSubject('pipe', await startScript('pipe.ts', [String(provider.port)]))
}

/** Limits are counted as always; only there is no reaching them. */
const pace = {
  PARLEY_REQUESTS_PER_MINUTE: '10000000',
  PARLEY_EXPENSIVE_REQUESTS_PER_MINUTE: '10000000',
  PARLEY_ADDRESS_REQUESTS_PER_MINUTE: '10000000',
}
const plan = { requestsPerHour: 1_000_000_000, requestBurst: 1_000_000_000, tokensPerDay: 1_000_000_000_000 }

/**
 * The real server with sign-in, limits, persistence, ledger and run log, on the PostgreSQL server of `databaseUrl` or on PGlite.
 * `profileDir`: where V8 leaves a CPU profile of it.
 */
export async function parleySubject(
  provider: Child,
  { databaseUrl, profileDir }: { databaseUrl: string | undefined; profileDir: string | undefined },
): Promise<Subject> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-bench-'))
  const database = databaseUrl === undefined ? null : await makeDatabase(databaseUrl)
  const port = 20_000 + Math.floor(Math.random() * 10_000)
  const setup = { email: 'bench@example.com', password: 'a long bench password' }
  const { DATABASE_URL: _, ...environment } = process.env
  const profiling = profileDir === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDir]
  const child = startNode([...profiling, fileURLToPath(new URL('../apps/server/src/main.ts', import.meta.url))], {
    cwd: dataDir,
    env: {
      ...environment,
      NODE_ENV: 'production',
      PORT: String(port),
      PARLEY_DATA_DIR: dataDir,
      PARLEY_LOG_LEVEL: 'warn',
      PARLEY_DRAIN_SECONDS: '1',
      ...pace,
      PARLEY_ADMIN_EMAIL: setup.email,
      PARLEY_ADMIN_PASSWORD: setup.password,
      OPENAI_BASE_URL: `http://127.0.0.1:${provider.port}/v1`,
      OPENAI_API_KEY: 'x',
      ...(database ? { DATABASE_URL: database.url } : {}),
    },
  })
  // Warnings and errors matter here, wherever they are written.
  child.stdout?.pipe(process.stderr)
  const close = async () => {
    await stopChild(child, 10_000)
    await database?.drop()
    rmSync(dataDir, { recursive: true, force: true })
  }

  const base = `http://127.0.0.1:${port}`
  let headers: Record<string, string> = {}
  const post = <T>(path: string, body?: unknown) => send<T>(`${base}${path}`, headers, body)
  try {
    // The first owner is made just after the port is open.
    await until(30_000, 'Parley let its owner sign in', async () => {
      if (child.exitCode !== null) throw new Error('Parley ended')
      const { accessToken } = await post<{ accessToken: string }>('/api/v1/auth/login', setup)
      headers = { authorization: `Bearer ${accessToken}` }
      return true
    })
    await send(`${base}/api/v1/plans/enterprise`, headers, plan, 'PATCH')
    const { key } = await post<{ key: string }>('/api/v1/api-keys', { name: 'bench' })
    headers = { authorization: `Bearer ${key}` }
  } catch (error) {
    await close()
    throw error
  }
  return {
    name: database ? 'Parley on PostgreSQL' : 'Parley on PGlite',
    pid: child.pid!,
    async prepare(model, count) {
      const requests: StreamRequest[] = []
      const body = JSON.stringify({ content: 'Hello there', model: `openai/${model}` })
      await inParallel(8, Array.from({ length: count }), async () => {
        const { id } = await post<{ id: string }>('/api/v1/conversations', { title: 'Bench' })
        const path = `/api/v1/conversations/${id}/messages`
        const streaming = { ...headers, 'content-type': 'application/json', accept: 'text/event-stream' }
        requests.push({ port, path, headers: streaming, body })
      })
      return requests
    },
    async stop(streams) {
      await inParallel(32, streams, ({ runId }) => post(`/api/v1/runs/${runId}/stop`))
    },
    close,
  }
}

async function send<T>(url: string, headers: Record<string, string>, body: unknown, method = 'POST'): Promise<T> {
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  })
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}
