import { expect, test } from 'vitest'
import { boundedFetch } from './bounded-fetch.ts'
import { maxMessageBytes } from './message-limits.ts'

const answering = (type: string, chunks: () => Iterable<Uint8Array<ArrayBuffer>>) =>
  boundedFetch(async () => {
    const pieces = chunks()[Symbol.iterator]()
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        const { done, value } = pieces.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
    })
    return new Response(body, { headers: { 'content-type': type } })
  })('http://127.0.0.1/')

const megabyte = new Uint8Array(1024 * 1024).fill(120)
function* megabytes(count: number) {
  for (let number = 0; number < count; number++) yield megabyte
}
const events = (count: number, ends = '\n\n') => new TextEncoder().encode(`data: {}${ends}`.repeat(count))

test.each(['application/json', 'text/event-stream; charset=utf-8'])(
  'a message of 60 MB in %s is not read',
  async (type) => {
    const response = await answering(type, () => megabytes(60))
    await expect(response.bytes()).rejects.toThrow('more than 50 MB')
  },
)

test('an answer below the limit comes whole', async () => {
  const response = await answering('application/json', () => megabytes(2))
  expect((await response.bytes()).length).toBe(2 * megabyte.length)
  expect(response.status).toBe(200)
})

test('a stream may be longer than a message, if its events are not', async () => {
  function* stream() {
    for (let number = 0; number < 6; number++) {
      yield* megabytes(10)
      yield events(1)
    }
  }
  const response = await answering('text/event-stream', stream)
  expect((await response.bytes()).length).toBeGreaterThan(maxMessageBytes)
})

test.each(['\n\n', '\r\n\r\n'])(
  'events separated by %j are read no faster than bearable, and all of them',
  async (ends) => {
    const startedAt = performance.now()
    const response = await answering('text/event-stream', () => [events(175, ends)])
    expect(await response.bytes()).toEqual(events(175, ends))
    expect(performance.now() - startedAt).toBeGreaterThan(500)
  },
)
