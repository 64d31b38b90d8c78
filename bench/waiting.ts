import { setTimeout as sleep } from 'node:timers/promises'

/** The promise's outcome, or an error that says what did not happen in time. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`Not within ${ms / 1000} s: ${what}.`)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
    late.catch(() => {})
  }
}

/** Looks every few milliseconds until it is so. A look that fails counts as "not yet". */
export async function until(ms: number, what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + ms
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`Not within ${ms / 1000} s: ${what}.`)
    await sleep(5)
  }
}

/** Works on all items, `width` at a time; the first failure is thrown. */
export async function inParallel<T>(width: number, items: T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values()
  const workers = Array.from({ length: width }, async () => {
    for (const item of queue) await work(item)
  })
  await Promise.all(workers)
}
