import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { AppError } from './errors.ts'

/** Processes that do costly work while replies are being written, which come first. */
export interface QuietProcesses<Question, Answer> {
  /**
   * Asks one of them, when it is free.
   * @throws AppError unavailable when too many wait already
   */
  ask(question: Question): Promise<Answer>
}

/** What comes back for a question. */
export type Reply<Answer> = { answer: Answer } | { error: unknown }

interface Task<Question, Answer> {
  question: Question
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
}

interface Quiet<Question, Answer> {
  child: ChildProcess
  /** What it is at. */
  task: Task<Question, Answer> | undefined
  idle: NodeJS.Timeout | undefined
}

const idleMs = 60_000

/**
 * Up to `most` processes that run `script` (see answer-quietly.ts) at low priority. They begin when there is something to
 * do and end when there was nothing for a minute. Of those that come while all are busy, `waitingAtMost` wait; who comes
 * then is told `busy`.
 *
 * Processes, not threads: a thread of low priority that is interrupted in the middle of asking for memory keeps all others
 * of its process waiting for theirs. They get no environment, and with it no secret.
 */
export function quietProcesses<Question, Answer>(
  script: URL,
  { most, waitingAtMost, busy }: { most: number; waitingAtMost: number; busy: string },
): QuietProcesses<Question, Answer> {
  const all = new Set<Quiet<Question, Answer>>()
  const waiting: Task<Question, Answer>[] = []

  function begin(): Quiet<Question, Answer> {
    const child = fork(fileURLToPath(script), { execArgv: [], env: {}, serialization: 'advanced' })
    const quiet: Quiet<Question, Answer> = { child, task: undefined, idle: undefined }
    all.add(quiet)
    child.on('message', (reply) => {
      const { task } = quiet
      goOn(quiet)
      const read = reply as Reply<Answer>
      if ('error' in read) task?.reject(read.error)
      else task?.resolve(read.answer)
    })
    const gone = (error: Error) => {
      if (!all.delete(quiet)) return
      clearTimeout(quiet.idle)
      quiet.task?.reject(error)
      if (waiting.length > 0) goOn(begin())
    }
    child.once('error', gone)
    child.once('exit', () => gone(new Error('A process ended before it answered.')))
    return quiet
  }

  function goOn(quiet: Quiet<Question, Answer>): void {
    const { child } = quiet
    clearTimeout(quiet.idle)
    quiet.task = waiting.shift()
    if (quiet.task === undefined) {
      child.unref()
      child.channel?.unref()
      quiet.idle = setTimeout(() => child.disconnect(), idleMs).unref()
      return
    }
    child.ref()
    child.channel?.ref()
    // Where it ended just now, `exit` tells.
    child.send(quiet.task.question as object, () => {})
  }

  return {
    async ask(question) {
      const free = [...all].find(({ task, child }) => task === undefined && child.connected)
      const quiet = free ?? (all.size < most ? begin() : undefined)
      if (quiet === undefined && waiting.length >= waitingAtMost) {
        throw new AppError('unavailable', busy, { retryAfterSeconds: 5 })
      }
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      waiting.push({ question, resolve, reject })
      if (quiet !== undefined) goOn(quiet)
      return promise
    },
  }
}
