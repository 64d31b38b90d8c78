import { expect, test } from 'vitest'
import { attemptBase, createLocalRunLog, type RunReader } from './index.ts'

const numbersOf = (frames: string) => [...frames.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]))

async function takeNumbers(reader: RunReader): Promise<number[] | string> {
  const taken = await reader.take()
  return typeof taken === 'string' ? taken : numbersOf(taken.frames)
}

test('a reader gets everything after its number, at once or as it comes', async () => {
  const log = createLocalRunLog()
  const writer = log.open('run', 0)
  for (let n = 1; n <= 5; n += 1) writer.append(`{"n":${n}}`)
  const early = log.read('run', 0)!
  const late = log.read('run', 3)!
  expect(await takeNumbers(early)).toEqual([1, 2, 3, 4, 5])
  expect(await takeNumbers(late)).toEqual([4, 5])

  const waiting = takeNumbers(late)
  writer.append('{"n":6}')
  expect(await waiting).toEqual([6])
  writer.append('{"n":7}')
  writer.end()
  expect(await takeNumbers(early)).toEqual([6, 7])
  expect(await takeNumbers(early)).toBe('ended')
})

test('frames are server-sent events, one an event', async () => {
  const log = createLocalRunLog()
  const writer = log.open('run', 0)
  writer.append('{"a":1}')
  writer.append('{"b":2}')
  const taken = await log.read('run', 0)!.take()
  expect(taken).toEqual({ frames: 'id: 1\ndata: {"a":1}\n\nid: 2\ndata: {"b":2}\n\n', last: 2 })
})

test('only what is saved may be forgotten, and a reader behind it is told of the gap', async () => {
  const log = createLocalRunLog()
  const writer = log.open('run', 0)
  const large = JSON.stringify('x'.repeat(10_000))
  for (let n = 1; n <= 10; n += 1) writer.append(large)
  expect(await takeNumbers(log.read('run', 0)!)).toHaveLength(10)

  const behind = log.read('run', 2)!
  writer.saved(6)
  expect(await takeNumbers(behind)).toBe('gap')
  expect(await takeNumbers(log.read('run', 0)!)).toBe('gap')
  expect(await takeNumbers(log.read('run', 6)!)).toEqual([7, 8, 9, 10])
})

test('a number the log never had is a gap, not a wait', async () => {
  const log = createLocalRunLog()
  log.open('run', 0).append('1')
  expect(await takeNumbers(log.read('run', 99)!)).toBe('gap')
})

test('a takeover counts on from a higher base, and readers of the attempt before go on with it', async () => {
  const log = createLocalRunLog()
  const first = log.open('run', 0)
  first.append('1')
  const reader = log.read('run', 0)!
  await reader.take()
  const waiting = takeNumbers(reader)
  const second = log.open('run', 1)
  expect(await waiting).toBe('gap')
  second.append('2')
  expect(await takeNumbers(log.read('run', 1)!)).toEqual([attemptBase(1) + 1])
})

test('a closed reader stops waiting; nobody reads what is not here', async () => {
  const log = createLocalRunLog()
  log.open('run', 0)
  const reader = log.read('run', 0)!
  const waiting = takeNumbers(reader)
  reader.close()
  expect(await waiting).toBe('ended')
  expect(log.read('another', 0)).toBeNull()
})
