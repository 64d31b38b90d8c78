import pino from 'pino'
import { systemClock } from '../platform/context.ts'
import { createLimiter, rateOf } from '../platform/limits/index.ts'
import { openRedis } from '../platform/redis/index.ts'

// A process that takes from one bucket in Redis many times at once: `node take-many.ts <redis> <key> <limit> <times>`,
// beginning when a line comes on its standard input. Prints how often it could.
const [url = '', key = '', limit, times] = process.argv.slice(2)
const redis = await openRedis(url, 5_000, pino({ level: 'silent' }))
const limiter = createLimiter(systemClock, redis)
const bucket = { name: 'test', key, rate: rateOf(Number(limit), 3600) }
await limiter.look([bucket])
process.stdout.write('ready\n')
process.stdin.once('data', async () => {
  const outcomes = await Promise.all(Array.from({ length: Number(times) }, () => limiter.take([bucket])))
  process.stdout.write(`${outcomes.filter(({ taken }) => taken).length} ${limiter.countsIn()}\n`, () => process.exit(0))
})
