import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, type ClientRequest, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, startScript } from './processes.ts'

/** Something that streams replies: the provider itself, the pipe, or Parley. */
export interface Subject {
  name: string
  /** Whose CPU and memory count. */
  pid: number
  /** Makes what a stream needs beforehand (Parley: a conversation). */
  prepare(model: string, count: number): Promise<StreamRequest[]>
  stopAll(runs: string[]): Promise<void>
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
  /** Resolves with milliseconds from sending to the first chunk of the answer. */
  firstChunk: Promise<number>
  ended: Promise<void>
}

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
/** Chunks that arrived at clients so far. */
export const received = { chunks: 0 }

/** Sends one request and counts the chunks of its answer. */
export function openStream(from: StreamRequest): Promise<OpenStream> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const { port, path, headers, body } = from
    const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.setEncoding('utf8').once('data', (text) => reject(new Error(`${answer.statusCode} ${text}`)))
        return
      }
      let firstAt: ((ms: number) => void) | null = null
      const firstChunk = new Promise<number>((first) => {
        firstAt = first
      })
      answer.on('data', (bytes: Buffer) => {
        const chunks = countOf(bytes, marker)
        received.chunks += chunks
        if (chunks > 0 && firstAt) {
          firstAt(performance.now() - startedAt)
          firstAt = null
        }
      })
      const ended = new Promise<void>((done) => answer.once('close', () => done()))
      const runId = answer.headers['parley-run-id']
      resolve({ request: outgoing, runId: typeof runId === 'string' ? runId : null, firstChunk, ended })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Every chunk of the bench's provider holds this once, wherever it passed through. */
const marker = Buffer.from('twelve')

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
    async stopAll() {},
    async close() {
      child.stop()
    },
  }
}

/** The pipe before the provider. */
export async function pipeSubject(provider: Child): Promise<Subject> {
  return openAiSubject('pipe', await startScript('pipe.ts', [String(provider.port)]))
}

/** The real server with sign-in, persistence and run log, on `DATABASE_URL` or on PGlite. */
export async function parleySubject(provider: Child, databaseUrl: string | undefined): Promise<Subject> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-bench-'))
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const setup = { email: 'bench@example.com', password: 'a long bench password' }
  const { DATABASE_URL: _, ...environment } = process.env
  const child = spawn(process.execPath, [fileURLToPath(new URL('../apps/server/src/main.ts', import.meta.url))], {
    cwd: dataDir,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...environment,
      NODE_ENV: 'production',
      PORT: String(port),
      PARLEY_DATA_DIR: dataDir,
      PARLEY_LOG_LEVEL: 'warn',
      PARLEY_ADMIN_EMAIL: setup.email,
      PARLEY_ADMIN_PASSWORD: setup.password,
      OPENAI_BASE_URL: `http://127.0.0.1:${provider.port}/v1`,
      OPENAI_API_KEY: 'x',
      ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    },
  })
  const base = `http://127.0.0.1:${port}`
  await until(async () => (await fetch(`${base}/readyz`)).ok)
  const { accessToken } = await json<{ accessToken: string }>(`${base}/api/v1/auth/login`, {}, setup)
  const signedIn = { authorization: `Bearer ${accessToken}` }
  const { key } = await json<{ key: string }>(`${base}/api/v1/api-keys`, signedIn, { name: 'bench' })
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return {
    name: databaseUrl ? 'parley (PostgreSQL)' : 'parley (PGlite)',
    pid: child.pid!,
    async prepare(model, count) {
      const requests: StreamRequest[] = []
      const body = JSON.stringify({ content: 'Hello there', model: `openai/${model}` })
      for (let made = 0; made < count; made += 1) {
        const { id } = await json<{ id: string }>(`${base}/api/v1/conversations`, headers, { title: 'Bench' })
        const path = `/api/v1/conversations/${id}/messages`
        requests.push({ port, path, headers: { ...headers, accept: 'text/event-stream' }, body })
      }
      return requests
    },
    async stopAll(runs) {
      await Promise.all(
        runs.map((id) =>
          fetch(`${base}/api/v1/runs/${id}/stop`, {
            method: 'POST',
            headers: { authorization: headers.authorization },
          }),
        ),
      )
    },
    async close() {
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await exited
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function json<T>(url: string, headers: Record<string, string>, body: unknown): Promise<T> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}

/** Tries until it is so, 30 seconds at most. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    if (await condition().catch(() => false)) return
    if (Date.now() > deadline) throw new Error('did not come to be within 30 seconds')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
