import { getPriority, setPriority } from 'node:os'
import type { Reply } from './quiet-process.ts'

const lessBy = 10
const least = 19

/** In a script of `quietProcesses`: answers what it is asked, one after the other, when others leave the time. */
export function answerQuietly<Question, Answer>(work: (question: Question) => Answer): void {
  setPriority(Math.min(least, getPriority() + lessBy))
  // A terminal tells all its processes to end; this one does when the server has.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  process.on('message', (question) => process.send?.(attempt(work, question as Question)))
}

function attempt<Question, Answer>(work: (question: Question) => Answer, question: Question): Reply<Answer> {
  try {
    return { answer: work(question) }
  } catch (error) {
    return { error }
  }
}
