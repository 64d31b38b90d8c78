/**
 * Measures Parley against a bare `node:http` pipe: same provider, same client, alternating, ratios formed inside a round,
 * medians over the rounds. `npm run bench -- [--rounds 5] [--short] [--check]`; `DATABASE_URL` chooses the database.
 * `--check` exits with 1 where a figure is over its budget.
 */
import { parseArgs } from 'node:util'
import { cpuMs, residentBytes, startScript } from './processes.ts'
import {
  type OpenStream,
  openAiSubject,
  openStream,
  parleySubject,
  pipeSubject,
  received,
  type Subject,
  until,
} from './subjects.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, short: { type: 'boolean' }, check: { type: 'boolean' } },
})
const rounds = values.short ? 3 : Number(values.rounds)
const size = values.short
  ? { streams: 160, seconds: 2, requests: 200, firstTokens: 120, open: 300 }
  : { streams: 320, seconds: 4, requests: 400, firstTokens: 480, open: 1000 }

const provider = await startScript('provider.ts')
const direct = openAiSubject('direct', provider)
const pipe = await pipeSubject(provider)
const parley = await parleySubject(provider, process.env.DATABASE_URL)

interface Row {
  figure: string
  pipe: string
  parley: string
  ratio: string
  budget: string
  ok: boolean
}
const rows: Row[] = []

try {
  await warmUp()
  rows.push(await compare('CPU per 1,000 chunks, ms', streamingCpu, 3))
  rows.push(await compare('CPU per short reply, ms', shortReplyCpu, null))
  rows.push(...(await firstTokens()))
  rows.push(await memory())
  rows.push(await stopping())
} finally {
  await parley.close()
  await pipe.close()
  provider.stop()
}

console.log(`\n${parley.name}, ${rounds} rounds, medians\n`)
console.table(rows)
if (values.check && rows.some((row) => !row.ok)) process.exitCode = 1

async function warmUp(): Promise<void> {
  for (const subject of [pipe, parley]) await finish(await openAll(subject, 'chunks-50-every-10', 64))
}

/** One figure of both in each round, alternating who goes first. */
async function compare(figure: string, measure: (subject: Subject) => Promise<number>, budget: number | null) {
  const results: { pipe: number; parley: number }[] = []
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? [pipe, parley] : [parley, pipe]
    const measured = new Map<Subject, number>()
    for (const subject of order) measured.set(subject, await measure(subject))
    results.push({ pipe: measured.get(pipe)!, parley: measured.get(parley)! })
  }
  const ratio = median(results.map((result) => result.parley / result.pipe))
  return {
    figure,
    pipe: median(results.map((result) => result.pipe)).toFixed(2),
    parley: median(results.map((result) => result.parley)).toFixed(2),
    ratio: `${ratio.toFixed(2)} x`,
    budget: budget === null ? '' : `${budget} x`,
    ok: budget === null || ratio <= budget,
  }
}

/** In the middle of the streams, so that neither their beginning nor their end counts. */
async function streamingCpu(subject: Subject): Promise<number> {
  const everyMs = 20
  const chunks = Math.round(((size.seconds + 2) * 1000) / everyMs)
  const streams = await openAll(subject, `chunks-${chunks}-every-${everyMs}`, size.streams)
  await sleep(500)
  const before = { cpu: cpuMs(subject.pid), chunks: received.chunks }
  await sleep(size.seconds * 1000)
  const cpu = cpuMs(subject.pid) - before.cpu
  const count = received.chunks - before.chunks
  await finish(streams)
  return (cpu / count) * 1000
}

async function shortReplyCpu(subject: Subject): Promise<number> {
  const requests = await subject.prepare('chunks-4-every-0', size.requests)
  const before = cpuMs(subject.pid)
  await inParallel(8, requests, async (request) => (await openStream(request)).ended)
  // What is done after the answer counts as well.
  await sleep(300)
  return (cpuMs(subject.pid) - before) / size.requests
}

/** Added over asking the model directly, at 24 streams. */
async function firstTokens(): Promise<Row[]> {
  const added: { p50: number; p99: number; pipe50: number; pipe99: number }[] = []
  for (let round = 0; round < rounds; round += 1) {
    const times = new Map<string, number[]>()
    for (const subject of [direct, pipe, parley]) {
      const requests = await subject.prepare('chunks-4-every-20', size.firstTokens)
      const taken: number[] = []
      await inParallel(24, requests, async (request) => {
        const stream = await openStream(request)
        taken.push(await stream.firstChunk)
        await stream.ended
      })
      times.set(subject.name, taken)
    }
    const over = (subject: Subject, share: number) =>
      quantile(times.get(subject.name)!, share) - quantile(times.get('direct')!, share)
    added.push({ p50: over(parley, 0.5), p99: over(parley, 0.99), pipe50: over(pipe, 0.5), pipe99: over(pipe, 0.99) })
  }
  const row = (figure: string, ours: number, theirs: number, budget: number): Row => ({
    figure,
    pipe: theirs.toFixed(2),
    parley: ours.toFixed(2),
    ratio: '',
    budget: `${budget} ms`,
    ok: ours <= budget,
  })
  return [
    row('first token over direct, p50, ms', median(added.map((a) => a.p50)), median(added.map((a) => a.pipe50)), 6),
    row('first token over direct, p99, ms', median(added.map((a) => a.p99)), median(added.map((a) => a.pipe99)), 25),
  ]
}

async function memory(): Promise<Row> {
  const perStream = async (subject: Subject) => {
    const before = residentBytes(subject.pid)
    const streams = await openAll(subject, 'chunks-1000-every-1000', size.open)
    await sleep(3000)
    const bytes = (residentBytes(subject.pid) - before) / size.open
    await leave(subject, streams)
    return bytes / 1024
  }
  const [ofPipe, ofParley] = [await perStream(pipe), await perStream(parley)]
  return {
    figure: `memory per open stream at ${size.open}, KB`,
    pipe: ofPipe.toFixed(0),
    parley: ofParley.toFixed(0),
    ratio: '',
    budget: '150 KB',
    ok: ofParley <= 150,
  }
}

/** The pipe closes when the client leaves; Parley's replies go on then, and end by Stop. */
async function stopping(): Promise<Row> {
  const time = async (subject: Subject) => {
    const streams = await openAll(subject, 'chunks-1000-every-1000', size.open)
    const startedAt = performance.now()
    await leave(subject, streams)
    return performance.now() - startedAt
  }
  const [ofPipe, ofParley] = [await time(pipe), await time(parley)]
  return {
    figure: `until the provider's connections closed, ${size.open} at once, ms`,
    pipe: ofPipe.toFixed(0),
    parley: ofParley.toFixed(0),
    ratio: '',
    budget: '',
    ok: true,
  }
}

async function openAll(subject: Subject, model: string, count: number): Promise<OpenStream[]> {
  const streams: OpenStream[] = []
  await inParallel(32, await subject.prepare(model, count), async (request) => {
    streams.push(await openStream(request))
  })
  return streams
}

async function finish(streams: OpenStream[]): Promise<void> {
  await Promise.all(streams.map((stream) => stream.ended))
}

/** Stops all and resolves when the provider has no connection left. */
async function leave(subject: Subject, streams: OpenStream[]): Promise<void> {
  await subject.stopAll(streams.flatMap((stream) => (stream.runId === null ? [] : [stream.runId])))
  for (const stream of streams) stream.request.destroy()
  await until(async () => {
    const stats = (await (await fetch(`http://127.0.0.1:${provider.port}/stats`)).json()) as { open: number }
    return stats.open === 0
  })
}

async function inParallel<T>(width: number, items: T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items]
  const workers = Array.from({ length: width }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  })
  await Promise.all(workers)
}

function quantile(numbers: number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}

function median(numbers: number[]): number {
  return quantile(numbers, 0.5)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
