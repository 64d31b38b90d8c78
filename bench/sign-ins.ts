/**
 * What sign-ins cost the replies that are being written: latency of a chunk from model to reader, with and without 20
 * sign-ins a second, alternating. `node tools/run.mjs bench/sign-ins.ts [--rounds 3] [--check]`; `DATABASE_URL` chooses the
 * database server. `--check` exits with 1 where the 99th percentile is more than twice that without.
 */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parleySubject, type StreamRequest } from './subjects.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string' }, check: { type: 'boolean' } } })
const rounds = Number(values.rounds ?? 3)
const streams = 40
const everyMs = 20
const seconds = 6
const signInsPerSecond = 20
const allowedRatio = 2

// Sign-ins come from many places; without this the throttle would answer most of them.
process.env.PARLEY_TRUSTED_PROXIES = '127.0.0.1'

const provider = await startProvider()
const parley = await parleySubject(provider, { databaseUrl: process.env.DATABASE_URL, profileDir: undefined })
const rows: { without: number; with: number; 'sign-ins': number; 'sign-in p50, ms': number }[] = []
await latencies(0) // warm-up
for (let round = 0; round < rounds; round += 1) {
  const quiet = await latencies(0)
  const busy = await latencies(signInsPerSecond)
  rows.push({
    without: quantile(quiet.chunks, 0.99),
    with: quantile(busy.chunks, 0.99),
    'sign-ins': busy.signIns.length,
    'sign-in p50, ms': Math.round(quantile(busy.signIns, 0.5)),
  })
}
await parley.close()
const ratio = quantile(
  rows.map((row) => row.with / row.without),
  0.5,
)
console.log(`\n${parley.name}: chunk latency p99 in ms, ${streams} streams, ${signInsPerSecond} sign-ins a second\n`)
console.table(rows)
console.log(`median ratio ${ratio.toFixed(2)} (allowed: ${allowedRatio})`)
process.exit(values.check && ratio > allowedRatio ? 1 : 0)

/** Milliseconds from model to reader of each chunk of the middle seconds, and how long the sign-ins took meanwhile. */
async function latencies(perSecond: number): Promise<{ chunks: number[]; signIns: number[] }> {
  const chunks: number[] = []
  const count = ((seconds + 3) * 1000) / everyMs
  const requests = await parley.prepare(`stamped-${count}`, streams)
  const reading = requests.map((each) => readStamps(each, chunks))
  await sleep(1500)
  chunks.length = 0
  const signIns: Promise<number>[] = []
  const port = requests[0]!.port
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    if (perSecond > 0) signIns.push(signIn(port, signIns.length))
    await sleep(perSecond > 0 ? 1000 / perSecond : 50)
  }
  const measured = [...chunks]
  const done = await Promise.all(signIns)
  await Promise.all(reading)
  return { chunks: measured, signIns: done }
}

async function signIn(port: number, n: number): Promise<number> {
  const begun = performance.now()
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': `198.51.${n >> 8}.${n & 255}` },
    body: JSON.stringify({ email: 'bench@example.com', password: 'a long bench password' }),
  })
  await answer.text()
  if (!answer.ok) throw new Error(`a sign-in was refused: ${answer.status}`)
  return performance.now() - begun
}

async function readStamps({ port, path, headers, body }: StreamRequest, into: number[]): Promise<void> {
  const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', headers })
  outgoing.end(body)
  const [answer] = await once(outgoing, 'response')
  answer.setEncoding('utf8').on('data', (text: string) => {
    const now = performance.now()
    for (const [, at] of text.matchAll(/"delta":"[^"]*?@(\d+\.\d+) ?"/g)) into.push(now - Number(at))
  })
  await once(answer, 'close')
}

/** A model whose chunks say when they were sent. */
async function startProvider() {
  const server = createServer((incoming, answer) => {
    if (incoming.method === 'GET') return answer.end('{"object":"list","data":[]}')
    let text = ''
    incoming.setEncoding('utf8').on('data', (part) => {
      text += part
    })
    incoming.on('end', () => {
      let left = Number(/stamped-(\d+)/.exec(text)?.[1] ?? 1)
      answer.writeHead(200, { 'content-type': 'text/event-stream' })
      const timer = setInterval(() => {
        left -= 1
        answer.write(chunk({ content: `@${performance.now().toFixed(3)} ` }, left > 0 ? null : 'stop'))
        if (left > 0) return
        clearInterval(timer)
        answer.end('data: [DONE]\n\n')
      }, everyMs)
      answer.on('close', () => clearInterval(timer))
    })
    return undefined
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { pid: process.pid, port, stop: async () => void server.close() }
}

function chunk(delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }]
  return `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'bench', choices })}\n\n`
}

function quantile(numbers: number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
