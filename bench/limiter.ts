/**
 * What counting a request costs, and whether the count is right: one `take` from four buckets, as a message has them, in
 * process and in Redis (`REDIS_URL`). One after the other, at a steady pace, and 500 at once.
 * `node tools/run.mjs bench/limiter.ts [--rounds 5] [--check]`; `--check` exits with 1 where a figure is over its budget or
 * a count is wrong.
 */
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { systemClock } from '../apps/server/src/platform/context.ts'
import { type Bucket, createLimiter, type Limiter, rateOf } from '../apps/server/src/platform/limits/index.ts'
import { openRedis } from '../apps/server/src/platform/redis/index.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string' }, check: { type: 'boolean' } } })
const rounds = Number(values.rounds ?? 5)
const budgetMs = 1
const atOnce = 500
const paceMs = 5_000
const perSecond = 1_000

interface Row {
  limiter: string
  how: string
  'p50, ms': string
  'p99, ms': string
  'budget, ms': number | ''
}
const rows: Row[] = []
let right = true

const url = process.env.REDIS_URL
const log = { info: () => {}, warn: console.warn } as unknown as Parameters<typeof openRedis>[2]
const redis = url === undefined ? undefined : await openRedis(url, 5_000, log)
if (redis !== undefined && !(await redis.answers())) throw new Error(`No Redis answers at ${url}.`)

await measure('in process', createLimiter(systemClock, undefined))
if (redis !== undefined) {
  row(
    'bare round trip to Redis',
    'one after the other',
    await oneByOne(async () => void (await redis.answers())),
    false,
  )
  await measure('in Redis', createLimiter(systemClock, redis))
}
await redis?.close()
console.table(rows)
const over = rows.filter((each) => each['budget, ms'] !== '' && Number(each['p99, ms']) > each['budget, ms'])
if (!right) console.log('A count is wrong.')
process.exit(values.check && (over.length > 0 || !right) ? 1 : 0)

async function measure(name: string, limiter: Limiter): Promise<void> {
  const buckets = [roomy(), roomy(), roomy(), roomy()]
  row(name, 'one after the other', await oneByOne(async () => void (await limiter.take(buckets))), true)
  row(name, `${perSecond} a second`, await atPace(async () => void (await limiter.take(buckets))), true)
  const each: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const bucket = { ...roomy(), rate: rateOf(100, 3600) }
    const begun = performance.now()
    const outcomes = await Promise.all(Array.from({ length: atOnce }, () => limiter.take([bucket, ...buckets])))
    each.push((performance.now() - begun) / atOnce)
    right &&= outcomes.filter(({ taken }) => taken).length === 100
  }
  row(name, `${atOnce} at once, all of it / ${atOnce}`, each, true)
}

function row(limiter: string, how: string, times: number[], budgeted: boolean): void {
  rows.push({
    limiter,
    how,
    'p50, ms': quantile(times, 0.5).toFixed(3),
    'p99, ms': quantile(times, 0.99).toFixed(3),
    'budget, ms': budgeted ? budgetMs : '',
  })
}

/** Never reached. */
function roomy(): Bucket {
  return { name: 'bench', key: `bench:${randomUUID()}`, rate: rateOf(1e9, 3600) }
}

async function oneByOne(act: () => Promise<void>): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < 2_000 * rounds; i += 1) {
    const begun = performance.now()
    await act()
    // The first are compiled.
    if (i >= 1_000) times.push(performance.now() - begun)
  }
  return times
}

/** They come as they come, whether or not the one before is done: a slow one does not hide those behind it. */
async function atPace(act: () => Promise<void>): Promise<number[]> {
  const times: number[] = []
  const open: Promise<void>[] = []
  const begun = performance.now()
  for (let now = begun; now < begun + paceMs; now = performance.now()) {
    while (open.length < ((now - begun) * perSecond) / 1_000) {
      const startedAt = performance.now()
      open.push(act().then(() => void times.push(performance.now() - startedAt)))
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(open)
  return times
}

function quantile(numbers: number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
