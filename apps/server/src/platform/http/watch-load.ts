import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { AppError } from '../errors.ts'

/** Beyond these the process would suffer. 0: not watched. */
export interface LoadLimits {
  /** How long the event loop may keep what waits for it, on average over a second. */
  delayMs: number
  requestsInFlight: number
}

/** Whether the process has more to do than it can; cheap enough to ask before each request. */
export interface Load {
  /** Counts a request until `leaveFlight`, with as much memory as its body may take. */
  begin(request: FastifyRequest, bodyBytes: number): void
  /** While there is too much to do: `unavailable`, with when to try again. */
  refusal(): AppError | undefined
  close(): void
}

const sampleMs = 1_000
const resolutionMs = 20
/** It is over once the delay is below this part of the limit: at the limit itself it would come and go. */
const overBelow = 0.5
const heapFull = 0.9
const bodiesFull = 0.25
const retryAfterSeconds = { least: 2, spread: 4 }

const leaving = new WeakMap<FastifyRequest, () => void>()

/** The request is answered, or from here on waits for what happens elsewhere: it counts no more. Safe to call twice. */
export function leaveFlight(request: FastifyRequest): void {
  leaving.get(request)?.()
  leaving.delete(request)
}

/** Watches the event loop, the heap, and what is in flight. */
export function watchLoad({ delayMs, requestsInFlight }: LoadLimits, log: Logger): Load {
  const heapLimit = getHeapStatistics().heap_size_limit
  const mostBodyBytes = heapLimit * bodiesFull
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  let inFlight = 0
  let bodyBytes = 0
  let overload: string | undefined

  const sample = () => {
    const meanMs = delay.count === 0 ? 0 : delay.mean / 1e6 - resolutionMs
    delay.reset()
    const heap = getHeapStatistics().used_heap_size / heapLimit
    const limitMs = overload === undefined ? delayMs : delayMs * overBelow
    const before = overload
    overload =
      meanMs > limitMs
        ? `the event loop is ${Math.round(meanMs)} ms behind`
        : heap > heapFull
          ? `${Math.round(heap * 100)} % of the memory is in use`
          : undefined
    if (overload !== undefined && before === undefined) log.warn(`Requests are being refused: ${overload}.`)
    if (overload === undefined && before !== undefined) log.info('Requests are taken again.')
  }
  const timer = delayMs > 0 ? setInterval(sample, sampleMs).unref() : undefined
  if (timer) delay.enable()

  return {
    begin(request, bytes) {
      inFlight += 1
      bodyBytes += bytes
      leaving.set(request, () => {
        inFlight -= 1
        bodyBytes -= bytes
      })
    },
    refusal() {
      const tooMany = requestsInFlight > 0 && inFlight > requestsInFlight
      if (overload === undefined && !tooMany && bodyBytes <= mostBodyBytes) return undefined
      // Not all at the same moment.
      const after = retryAfterSeconds.least + Math.floor(Math.random() * retryAfterSeconds.spread)
      return new AppError('unavailable', `Parley has more to do than it can. Try again in ${after} seconds.`, {
        retryAfterSeconds: after,
      })
    },
    close() {
      clearInterval(timer)
      delay.disable()
    },
  }
}
