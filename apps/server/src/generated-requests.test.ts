import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendGenerated } from './testing/send-generated.ts'
import { startServer, type TestServer } from './testing/start-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

test('1,000 generated requests are answered, none of them by a failure', async () => {
  const port = Number(new URL(server.url).port)
  const authorization = server.owner.headers.authorization!
  const { wrong, statuses } = await sendGenerated(port, { seed: 1, count: 1_000, atOnce: 8, authorization })
  expect(wrong).toEqual([])
  expect(statuses[400]).toBeGreaterThan(300)
  expect((await server.owner.fetch('/api/v1/me')).status).toBe(200)
})
