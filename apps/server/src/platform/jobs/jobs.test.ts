import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePlatform } from '../../testing/make-platform.ts'
import { within } from '../../testing/pace.ts'
import type { Platform } from '../context.ts'

let platform: Platform
let drop: () => Promise<void>
const done: unknown[] = []
let tries = 0

beforeAll(async () => {
  const made = await makePlatform()
  platform = made.platform
  drop = made.drop
  platform.jobs.define<{ n: number }>('count', {}, async (_platform, data) => {
    done.push(data.n)
  })
  platform.jobs.define('flaky', { retries: 2 }, async () => {
    tries += 1
    if (tries < 2) throw new Error('not yet')
  })
  platform.jobs.schedule('count', '0 0 1 1 *')
  await platform.jobs.install()
  await platform.jobs.start(platform)
})
afterAll(async () => {
  await platform.jobs.stop()
  await drop()
})

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 120_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('It did not happen in time.')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test('a job is kept with its transaction, lost with it, and done soon', async () => {
  const refused = platform.db.transaction().execute(async (tx) => {
    await platform.jobs.enqueue(tx, 'count', { n: 1 })
    throw new Error('rolled back')
  })
  await expect(refused).rejects.toThrow('rolled back')
  const startedAt = Date.now()
  await platform.db.transaction().execute((tx) => platform.jobs.enqueue(tx, 'count', { n: 2 }))
  await until(() => done.length > 0)
  expect(done).toEqual([2])
  expect(Date.now() - startedAt).toBeLessThan(within(1500))
})

test('many jobs are done one after the other, without pauses', async () => {
  done.length = 0
  const startedAt = Date.now()
  await Promise.all(Array.from({ length: 40 }, (_, n) => platform.jobs.enqueue(platform.db, 'count', { n })))
  await until(() => done.length === 40)
  // By polling alone it would take minutes.
  expect(Date.now() - startedAt).toBeLessThan(within(10_000))
})

test('a job that failed is tried again', async () => {
  await platform.jobs.enqueue(platform.db, 'flaky', {})
  await until(() => tries === 2)
})

test('a name that nobody defined is refused', async () => {
  await expect(platform.jobs.enqueue(platform.db, 'nope', {})).rejects.toThrow('no job named nope')
  expect(() => platform.jobs.define('count', {}, async () => undefined)).toThrow('two jobs')
})
