import { Worker } from 'node:worker_threads'
import { AppError } from '../../../platform/errors.ts'
import { enoughScore, type Rating } from './rating.ts'

const idleMs = 60_000
const waitingAtMost = 50

// A thread of its own, begun when somebody chooses a password: loading the lists takes half a second, and rating a long
// password up to a fifth, in which no reply could be written.
let worker: Worker | undefined
let idle: NodeJS.Timeout | undefined
let nextId = 1
const waiting = new Map<number, { resolve: (rating: Rating) => void; reject: (error: Error) => void }>()

/**
 * Rates a password against what was stolen elsewhere, and against what others know of the person; nothing leaves this
 * machine.
 * @throws AppError unavailable when too many wait
 */
export function ratePassword(password: string, personal: readonly string[]): Promise<Rating> {
  if (waiting.size >= waitingAtMost) {
    throw new AppError('unavailable', 'Too many people choose a password at this moment. Try again.', {
      retryAfterSeconds: 5,
    })
  }
  clearTimeout(idle)
  worker ??= begin()
  const id = nextId++
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject })
    worker?.ref()
    worker?.postMessage({ id, password, personal })
  })
}

/**
 * Refuses a password that is easy to guess. `personal`: name and address of whoever chooses it; `pointer` names the field.
 * @throws AppError weak_password
 */
export async function requireStrongPassword(
  password: string,
  personal: readonly string[],
  pointer: string,
): Promise<void> {
  const { score, warning, suggestions } = await ratePassword(password, personal)
  if (score >= enoughScore) return
  const message = [warning ?? 'It is easy to guess.', ...suggestions].join(' ')
  throw new AppError('weak_password', `Choose another password. ${message}`, { fields: [{ pointer, message }] })
}

function begin(): Worker {
  const started = new Worker(new URL('./rating-worker.ts', import.meta.url))
  started.on('message', ({ id, rating }: { id: number; rating: Rating }) => {
    waiting.get(id)?.resolve(rating)
    waiting.delete(id)
    if (waiting.size > 0) return
    started.unref()
    idle = setTimeout(() => void started.terminate(), idleMs).unref()
  })
  const gone = (error: Error) => {
    if (worker !== started) return
    worker = undefined
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  started.on('error', gone)
  started.on('exit', () => gone(new Error('The thread that rates passwords ended.')))
  return started
}
