import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Conversation, Started } from '@parley/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ScriptedModel, startScriptedModel } from './testing/scripted-model.ts'
import type { Outcome } from './testing/send-generated.ts'
import { type Caller, makeHome, registerOwner, type SpawnedServer, spawnServer } from './testing/start-server.ts'

const total = 20_000
const rounds = 5
const atOnce = 3
const readers = 5
const wordEveryMs = 20
const mostGrowthBytes = 500 * 1024 * 1024

let home: Awaited<ReturnType<typeof makeHome>>
let model: ScriptedModel
let server: SpawnedServer
let owner: Caller
beforeAll(async () => {
  home = await makeHome()
  model = await startScriptedModel()
  const unlimited = ['REQUESTS', 'EXPENSIVE_REQUESTS', 'ADDRESS_REQUESTS'].map((name) => [
    `PARLEY_${name}_PER_MINUTE`,
    '0',
  ])
  const env = { ...home.env, ...Object.fromEntries(unlimited), OPENAI_BASE_URL: model.openaiBaseUrl }
  server = await spawnServer({ dataDir: home.dataDir, port: home.port, env })
  owner = await registerOwner(server.url, server.setupUrl)
})
afterAll(async () => {
  await server?.kill9()
  await model?.close()
  await home?.remove()
})

/** Reads an answer that is written word by word, until it is told to stop; answers the pauses between what came. */
async function readStream(stop: AbortSignal): Promise<number[]> {
  const { id } = await owner.json<Conversation>('POST', '/api/v1/conversations', {})
  const content = `!words 100000 ${wordEveryMs}ms`
  const { run } = await owner.json<Started>('POST', `/api/v1/conversations/${id}/messages`, { content })
  const response = await owner.fetch(`/api/v1/runs/${run.id}/events`, { signal: stop })
  const pauses: number[] = []
  let last: number | undefined
  try {
    for await (const _chunk of response.body!) {
      const now = performance.now()
      if (last !== undefined) pauses.push(now - last)
      last = now
    }
    throw new Error('the stream ended')
  } catch (error) {
    if (!stop.aborted) throw error
  }
  await owner.json('POST', `/api/v1/runs/${run.id}/stop`)
  return pauses
}

/** The pauses of several readers while `work` goes on. */
async function pausesDuring(work: () => Promise<unknown>): Promise<number[]> {
  const stop = new AbortController()
  const reading = Promise.all(Array.from({ length: readers }, () => readStream(stop.signal)))
  await Promise.race([work(), reading.then(() => Promise.reject(new Error('a reader ended')))])
  stop.abort()
  return (await reading).flat()
}

const percentile99 = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length * 0.99)]!

const memoryBytes = () => {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024
}

async function sendFrom(round: number): Promise<Outcome> {
  const workerData = {
    port: home.port,
    seed: 1000 + round,
    count: total / rounds,
    atOnce,
    authorization: owner.headers.authorization,
  }
  const worker = new Worker(new URL('./testing/send-generated-worker.ts', import.meta.url), { workerData })
  const [outcome] = (await once(worker, 'message')) as [Outcome]
  await worker.terminate()
  return outcome
}

test('20,000 generated requests: no failure, memory bounded, the streams of others go on as before', async () => {
  const quiet: number[] = []
  const noisy: number[] = []
  const wrong: string[] = []
  const statuses: Record<number, number> = {}
  let before = 0
  let most = 0
  // Alternating, since a machine that others use is not the same for minutes.
  for (let round = 0; round < rounds; round++) {
    quiet.push(...(await pausesDuring(() => new Promise((resolve) => setTimeout(resolve, 8_000)))))
    if (round === 0) before = memoryBytes()
    const watch = setInterval(() => {
      most = Math.max(most, memoryBytes())
    }, 200)
    noisy.push(
      ...(await pausesDuring(async () => {
        const outcome = await sendFrom(round)
        wrong.push(...outcome.wrong)
        for (const [status, count] of Object.entries(outcome.statuses)) {
          statuses[Number(status)] = (statuses[Number(status)] ?? 0) + count
        }
      })),
    )
    clearInterval(watch)
  }
  const [undisturbed, disturbed] = [percentile99(quiet), percentile99(noisy)]
  console.log({
    statuses,
    p99Ms: { undisturbed: Math.round(undisturbed), disturbed: Math.round(disturbed) },
    memoryMiB: { before: Math.round(before / 2 ** 20), most: Math.round(most / 2 ** 20) },
  })
  expect(wrong).toEqual([])
  expect(Object.values(statuses).reduce((sum, count) => sum + count, 0)).toBe(total)
  expect(most - before).toBeLessThan(mostGrowthBytes)
  expect(disturbed).toBeLessThan(undisturbed * 2)
  expect((await owner.fetch('/api/v1/me')).status).toBe(200)
})
