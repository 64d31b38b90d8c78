/**
 * Measures Parley against a bare `node:http` pipe: same provider, same client, alternating, ratios formed inside a round,
 * medians over the rounds. `npm run bench -- [--rounds 5] [--short] [--check] [--profile <folder>]`; `DATABASE_URL`
 * chooses the database server. `--check` exits with 1 where a figure is over its budget.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { cpuMs, residentBytes, startScript } from './processes.ts'
import {
  type OpenStream,
  openAiSubject,
  openStream,
  parleySubject,
  pipeSubject,
  received,
  type StreamRequest,
  type Subject,
} from './subjects.ts'
import { inParallel, until, within } from './waiting.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    short: { type: 'boolean' },
    check: { type: 'boolean' },
    profile: { type: 'string' },
  },
})
const rounds = Number(values.rounds ?? (values.short ? 1 : 5))
const size = values.short
  ? { streams: 320, seconds: 2, requests: 100, firstTokens: 72, open: 1000 }
  : { streams: 320, seconds: 5, requests: 400, firstTokens: 240, open: 1000 }

interface Row {
  figure: string
  pipe: string
  parley: string
  ratio: string
  budget: string
  ok: boolean
}

const closing: (() => Promise<void>)[] = []
const provider = await startScript('provider.ts')
try {
  const direct = openAiSubject('direct', provider)
  const pipe = await pipeSubject(provider)
  closing.push(pipe.close)
  const options = { databaseUrl: process.env.DATABASE_URL, profileDir: values.profile }
  const parley = await parleySubject(provider, options)
  closing.push(parley.close)
  const rows = await within((values.short ? 2 : 10) * 60_000, 'all was measured', measure(direct, pipe, parley))
  console.log(`\n${parley.name}, ${rounds} rounds, medians\n`)
  console.table(rows)
  if (values.check && rows.some((row) => !row.ok)) process.exitCode = 1
} finally {
  for (const close of closing.reverse()) await close()
  await provider.stop()
}
// Connections that are kept alive would keep this process.
process.exit()

async function measure(direct: Subject, pipe: Subject, parley: Subject): Promise<Row[]> {
  for (const subject of [pipe, parley]) await finish(await openAll(subject, 'chunks-50-every-10', 64))
  // First, while the heap is small: later it has room for many streams.
  const slow = [await slowStreams(pipe), await slowStreams(parley)] as const
  const rows = [
    await compare('CPU per 1,000 chunks, ms', [pipe, parley], streamingCpu, 3),
    await compare('CPU per short reply, ms', [pipe, parley], shortReplyCpu, null),
    ...(await firstTokens(direct, pipe, parley)),
  ]
  const [ofPipe, ofParley] = slow
  const bytes = `memory per open stream at ${size.open}, KB`
  const one = 'one Stop until the provider’s connection closed, ms'
  const all = `Stop of all ${size.open} until the provider’s connections closed, ms`
  return [
    ...rows,
    absolute(bytes, ofPipe.kilobytes, ofParley.kilobytes, 150),
    absolute(one, ofPipe.stopOneMs, ofParley.stopOneMs, 250),
    absolute(all, ofPipe.stopAllMs, ofParley.stopAllMs, null),
  ]
}

/** One figure of both in each round, alternating who goes first. */
async function compare(
  figure: string,
  [pipe, parley]: [Subject, Subject],
  measureOne: (subject: Subject) => Promise<number>,
  budget: number | null,
): Promise<Row> {
  const results: { pipe: number; parley: number }[] = []
  for (let round = 0; round < rounds; round += 1) {
    const measured = new Map<Subject, number>()
    for (const subject of round % 2 === 0 ? [pipe, parley] : [parley, pipe]) {
      measured.set(subject, await measureOne(subject))
    }
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

function absolute(figure: string, ofPipe: number, ofParley: number, budget: number | null): Row {
  return {
    figure,
    pipe: ofPipe.toFixed(1),
    parley: ofParley.toFixed(1),
    ratio: '',
    budget: budget === null ? '' : String(budget),
    ok: budget === null || ofParley <= budget,
  }
}

/** In the middle of the streams, so that neither their beginning nor their end counts. */
async function streamingCpu(subject: Subject): Promise<number> {
  const everyMs = 20
  const streams = await openAll(
    subject,
    `chunks-${((size.seconds + 8) * 1000) / everyMs}-every-${everyMs}`,
    size.streams,
  )
  await sleep(500)
  const before = { cpu: cpuMs(subject.pid), chunks: received.chunks, at: performance.now() }
  await sleep(size.seconds * 1000)
  const cpu = cpuMs(subject.pid) - before.cpu
  const count = received.chunks - before.chunks
  const offered = ((performance.now() - before.at) / everyMs) * size.streams
  // Where the machine is too slow for the pace, chunks pile up and are cheaper together: the reader has to know.
  if (count < 0.9 * offered) console.log(`${subject.name}: only ${((count / offered) * 100).toFixed(0)} % of the pace`)
  await finish(streams)
  return (cpu / count) * 1000
}

async function shortReplyCpu(subject: Subject): Promise<number> {
  const requests = await subject.prepare('chunks-4-every-0', size.requests)
  const before = cpuMs(subject.pid)
  await inParallel(8, requests, async (request) => finish([await openStream(request)]))
  // What is done after the answer counts as well.
  await sleep(300)
  return (cpuMs(subject.pid) - before) / size.requests
}

/** Added over asking the model directly, with 24 streams of half a second open all the time. */
async function firstTokens(direct: Subject, pipe: Subject, parley: Subject): Promise<Row[]> {
  const results: { ofPipe: (share: number) => number; ofParley: (share: number) => number }[] = []
  for (let round = 0; round < rounds; round += 1) {
    const [atProvider, atPipe, atParley] = [
      await firstChunkTimes(direct),
      await firstChunkTimes(pipe),
      await firstChunkTimes(parley),
    ]
    const over = (times: number[]) => (share: number) => quantile(times, share) - quantile(atProvider, share)
    results.push({ ofPipe: over(atPipe), ofParley: over(atParley) })
  }
  const row = (name: string, share: number, budget: number | null) =>
    absolute(
      `first token over direct, ${name}, ms`,
      median(results.map(({ ofPipe }) => ofPipe(share))),
      median(results.map(({ ofParley }) => ofParley(share))),
      budget,
    )
  return [row('p50', 0.5, 6), row('p99', 0.99, null)]
}

async function firstChunkTimes(subject: Subject): Promise<number[]> {
  const queue = (await subject.prepare('chunks-25-every-20', size.firstTokens)).values()
  const times: number[] = []
  const places = Array.from({ length: 24 }, (_, index) => index)
  await inParallel(places.length, places, async (index) => {
    // People do not ask in step.
    await sleep((index * 500) / places.length)
    for (const request of queue) {
      const stream = await openStream(request)
      times.push(await within(30_000, 'the first chunk came', stream.firstChunk))
      await finish([stream])
    }
  })
  return times
}

/** Many streams with a chunk a second: what each takes of memory, and how fast one and all are stopped. */
async function slowStreams(subject: Subject) {
  const requests = await subject.prepare('chunks-1000-every-1000', size.open)
  const before = residentBytes(subject.pid)
  const streams = await openThese(requests)
  await sleep(3000)
  const kilobytes = (residentBytes(subject.pid) - before) / size.open / 1024
  const stopOneMs: number[] = []
  for (let taken = 0; taken < 10; taken += 1)
    stopOneMs.push(await timeToStop(subject, [streams.pop()!], streams.length))
  const stopAllMs = await timeToStop(subject, streams, 0)
  return { kilobytes, stopOneMs: median(stopOneMs), stopAllMs }
}

/** Milliseconds from asking for the first Stop until the provider has only `left` streams open. */
async function timeToStop(subject: Subject, streams: OpenStream[], left: number): Promise<number> {
  const startedAt = performance.now()
  const stopped = subject.stop(streams)
  // Where the wait below fails first, its error is the one that counts.
  stopped.catch(() => {})
  await until(60_000, `${streams.length} connections of ${subject.name} to the provider were closed`, async () => {
    const stats = (await (await fetch(`http://127.0.0.1:${provider.port}/stats`)).json()) as { open: number }
    return stats.open <= left
  })
  const ms = performance.now() - startedAt
  await stopped
  await finish(streams)
  return ms
}

async function openAll(subject: Subject, model: string, count: number): Promise<OpenStream[]> {
  return openThese(await subject.prepare(model, count))
}

async function openThese(requests: StreamRequest[]): Promise<OpenStream[]> {
  const streams: OpenStream[] = []
  await inParallel(32, requests, async (request) => {
    streams.push(await openStream(request))
  })
  return streams
}

async function finish(streams: OpenStream[]): Promise<void> {
  await within(30_000, `${streams.length} answers ended`, Promise.all(streams.map((stream) => stream.ended)))
}

function quantile(numbers: number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}

function median(numbers: number[]): number {
  return quantile(numbers, 0.5)
}
