import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makePlatform } from '../../testing/make-platform.ts'
import { inTransaction, type Platform } from '../context.ts'
import { newId } from '../crypto/index.ts'
import { type Dispatcher, emit, listen, migrations, pruneOutbox, startDispatcher } from './index.ts'

let platform: Platform
let drop: () => Promise<void>
let dispatcher: Dispatcher | undefined
let now = Date.now()
const taken: { listener: string; subjectId: string; n: unknown }[] = []
let failing: (n: unknown) => boolean = () => false

beforeAll(async () => {
  const made = await makePlatform(migrations)
  platform = { ...made.platform, clock: { now: () => new Date(now) } }
  drop = made.drop
  for (const listener of ['first', 'second']) {
    listen(platform, 'thing-made', listener, async (_platform, { subjectId, data }) => {
      if (listener === 'first' && failing(data.n)) throw new Error('not now')
      taken.push({ listener, subjectId, n: data.n })
    })
  }
})
beforeEach(() => {
  taken.length = 0
  failing = () => false
})
afterAll(async () => {
  await dispatcher?.stop()
  await drop()
})

const event = (subjectId: string, n: number) => ({ type: 'thing-made', workspaceId: newId(), subjectId, data: { n } })
const make = (subjectId: string, n: number) => inTransaction(platform, (tx) => emit(tx, event(subjectId, n)))
const waiting = () => platform.db.selectFrom('outboxDeliveries').selectAll().orderBy('position').execute()
const takenBy = (listener: string, subjectId: string) =>
  taken.filter((one) => one.listener === listener && one.subjectId === subjectId).map(({ n }) => n)

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It did not happen in time.')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test('events wait for a dispatcher, and those of a transaction that failed do not exist', async () => {
  const subject = newId()
  await make(subject, 1)
  await inTransaction(platform, async (tx) => {
    await emit(tx, event(subject, 2))
    throw new Error('no')
  }).catch(() => undefined)
  // As a process that died in the middle of it left it.
  await platform.db
    .updateTable('outboxDeliveries')
    .set({ attempts: 1, notBefore: new Date(now + 20_000) })
    .execute()
  if (platform.database.kind === 'postgres') now += 30_000
  dispatcher = await startDispatcher(platform)
  await until(() => taken.length === 2)
  expect(taken.map(({ listener, n }) => [listener, n]).sort()).toEqual([
    ['first', 1],
    ['second', 1],
  ])
  await until(async () => (await waiting()).length === 0)
})

test('each listener gets the events of a subject in order, whatever happens to another', async () => {
  const [subject, other] = [newId(), newId()]
  let down = true
  failing = (n) => down && n === 1
  for (let n = 1; n <= 5; n++) await make(subject, n)
  await make(other, 9)
  await until(() => takenBy('second', subject).length === 5 && takenBy('first', other).length === 1)
  expect(takenBy('first', subject)).toEqual([])
  expect(takenBy('second', subject)).toEqual([1, 2, 3, 4, 5])
  down = false
  now += 60_000
  await until(() => takenBy('first', subject).length === 5)
  expect(takenBy('first', subject)).toEqual([1, 2, 3, 4, 5])
})

test('a listener that keeps failing is given up, with the reason, and the next event goes on', async () => {
  const subject = newId()
  failing = (n) => n === 1
  await make(subject, 1)
  await make(subject, 2)
  await until(() => {
    now += 700_000
    platform.bus.publish('outbox', null) // or it would wait for the next poll
    return takenBy('first', subject).length === 1
  })
  expect(takenBy('first', subject)).toEqual([2])
  const [dead] = await waiting()
  expect(dead).toMatchObject({ listener: 'first', state: 'dead', attempts: 10, lastError: 'not now' })
})

test('events are gone after a week', async () => {
  now += 8 * 24 * 3600_000
  await pruneOutbox(platform)
  expect(await platform.db.selectFrom('outboxEvents').selectAll().execute()).toEqual([])
})

test('a name stands for one listener', () => {
  expect(() => listen(platform, 'other', 'first', async () => undefined)).toThrow('two listeners')
})
