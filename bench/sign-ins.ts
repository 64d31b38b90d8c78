/**
 * What sign-ins cost the replies that are being written: latency of a chunk from model to reader, with and without 20
 * sign-ins a second, in turns while the same streams go on. `node tools/run.mjs bench/sign-ins.ts [--rounds 8] [--check]`;
 * `DATABASE_URL` chooses the database server. `--check` exits with 1 where the 99th percentile is more than twice that
 * without.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parleySubject, type StreamRequest } from './subjects.ts'
import { within } from './waiting.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string' }, check: { type: 'boolean' } } })
const rounds = Number(values.rounds ?? 8)
const streams = 40
const everyMs = 20
const seconds = 3
const signInsPerSecond = 20
const allowedRatio = 2

// Sign-ins come from many places; without this the throttle would answer most of them.
process.env.PARLEY_TRUSTED_PROXIES = '127.0.0.1'

const provider = await startProvider()
const parley = await parleySubject(provider, { databaseUrl: process.env.DATABASE_URL, profileDir: undefined })
const rows: { without: number; with: number; ratio: number; 'sign-ins': number; 'sign-in p50, ms': number }[] = []
let chunks: number[] = []

const count = ((2 * rounds + 4) * (seconds + 1) * 1000) / everyMs
const requests = await parley.prepare(`stamped-${count}`, streams)
// In a process of their own, so that sending them delays no reading here.
const people = startPeople(requests[0]!.port)
// However they end: that enough arrives is looked at below.
for (const each of requests) readStamps(each).catch(() => {})
// Warm-up: everything was compiled, the processes that hash have begun.
await latencies(0)
await latencies(signInsPerSecond)
for (let round = 0; round < rounds; round += 1) {
  const quiet = await latencies(0)
  const busy = await latencies(signInsPerSecond)
  const [without, withSignIns] = [quantile(quiet.chunks, 0.99), quantile(busy.chunks, 0.99)]
  rows.push({
    without: Number(without.toFixed(1)),
    with: Number(withSignIns.toFixed(1)),
    ratio: Number((withSignIns / without).toFixed(2)),
    'sign-ins': busy.signIns.length,
    'sign-in p50, ms': Math.round(quantile(busy.signIns, 0.5)),
  })
}
await people.leave()
await parley.close()
const ratios = rows.map((row) => row.ratio).toSorted((a, b) => a - b)
const ratio = (ratios[Math.floor((rounds - 1) / 2)]! + ratios[Math.ceil((rounds - 1) / 2)]!) / 2
console.log(`\n${parley.name}: chunk latency p99 in ms, ${streams} streams, ${signInsPerSecond} sign-ins a second\n`)
console.table(rows)
console.log(`median ratio ${ratio.toFixed(2)} (allowed: ${allowedRatio})`)
process.exit(values.check && ratio > allowedRatio ? 1 : 0)

/** Milliseconds from model to reader of each chunk within some seconds, and how long the sign-ins took meanwhile. */
async function latencies(perSecond: number): Promise<{ chunks: number[]; signIns: number[] }> {
  // What the time before has left to do is not counted.
  await sleep(300)
  chunks = []
  const signIns = perSecond > 0 ? people.signIn(seconds * perSecond) : Promise.resolve([])
  await sleep(seconds * 1000)
  const measured = chunks
  if (measured.length < (streams * seconds * 1000) / everyMs / 2) throw new Error('the streams do not keep their pace')
  return { chunks: measured, signIns: await signIns }
}

async function readStamps({ port, path, headers, body }: StreamRequest): Promise<void> {
  const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', headers })
  outgoing.end(body)
  const [answer] = await once(outgoing, 'response')
  answer.setEncoding('utf8').on('data', (text: string) => {
    const now = performance.now()
    for (const [, at] of text.matchAll(/"delta":"[^"]*?@(\d+\.\d+) ?"/g)) chunks.push(now - Number(at))
  })
  await once(answer, 'close')
}

/** Those who sign in: asked for a number of sign-ins at pace, they answer how long each took. */
function startPeople(port: number) {
  const script = fileURLToPath(new URL('sign-in-people.ts', import.meta.url))
  const child = fork(script, [String(port), String(signInsPerSecond)])
  return {
    async signIn(count: number): Promise<number[]> {
      child.send(count)
      const [times] = await within(30_000, `${count} sign-ins were answered`, once(child, 'message'))
      if (typeof times === 'string') throw new Error(times)
      return times
    },
    async leave() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
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
