import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type GeneratedRequest, generateRequests } from './generate-requests.ts'

const answerWithinMs = 60_000

/** What became of many requests. */
export interface Outcome {
  /** How many were answered with which status; 0: the connection was closed without one. */
  statuses: Record<number, number>
  /** Those that were answered by a failure of ours, or not at all though the connection stayed open. */
  wrong: string[]
}

/**
 * Sends so many generated requests, `atOnce` at a time, each on a connection of its own. `between` is called after each
 * hundred.
 */
export async function sendGenerated(
  port: number,
  { seed, count, atOnce, authorization }: { seed: number; count: number; atOnce: number; authorization: string },
  between: (sent: number) => void | Promise<void> = () => undefined,
): Promise<Outcome> {
  const outcome: Outcome = { statuses: {}, wrong: [] }
  const requests = generateRequests(seed, authorization)
  let sent = 0
  const sendNext = async () => {
    while (sent < count) {
      const number = sent++
      const request = requests.next().value
      const answer = await send(port, request, number)
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer ?? '')?.[1] ?? 0)
      outcome.statuses[status] = (outcome.statuses[status] ?? 0) + 1
      if (answer === undefined || status >= 500) {
        outcome.wrong.push(`${number}. ${request.what}: ${answer?.slice(-400) ?? 'no answer'}`)
      }
      if (number % 100 === 99) await between(number + 1)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, sendNext))
  return outcome
}

/** The answer's beginning and end; empty where the connection was closed without one, undefined where neither came. */
function send(
  port: number,
  { parts, pauseMs, abandoned, unfinished }: GeneratedRequest,
  number: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let head = ''
    let tail = ''
    // From several addresses of this machine, each of which has ports of its own.
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (number % 8)}` })
    const timer = setTimeout(() => finish(undefined), answerWithinMs)
    const finish = (answer: string | undefined) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (chunk: Buffer) => {
      if (head === '') head = chunk.toString('latin1')
      tail = (tail + chunk.toString('latin1')).slice(-500)
      // A stream goes on for as long as it is read; what was asked has been answered.
      if (head.includes('text/event-stream') || head.startsWith('HTTP/1.1 101')) finish(head)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => finish(head.slice(0, 200) + tail))
    socket.on('connect', async () => {
      for (const [index, part] of parts.entries()) {
        if (index > 0) await sleep(pauseMs)
        if (socket.destroyed) return
        socket.write(part)
      }
      if (abandoned) {
        await sleep(pauseMs)
        finish(head)
        // The server takes it for who leaves, and need not answer.
      } else if (unfinished && !socket.destroyed) socket.end()
    })
  })
}
