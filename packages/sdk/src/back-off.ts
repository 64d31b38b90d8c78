/** Milliseconds to wait before attempt number `attempt` (from 1): doubling, with half of it left to chance. */
export function backOffMs(attempt: number, { first = 300, most = 15_000 } = {}): number {
  const full = Math.min(most, first * 2 ** Math.min(attempt - 1, 20))
  return full / 2 + (Math.random() * full) / 2
}

/** Waits; returns early when the browser says it is online again. Throws the signal's reason when that aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const target: Partial<EventTarget> = globalThis as Partial<EventTarget>
    const finish = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      target.removeEventListener?.('online', wake)
    }
    const wake = () => {
      finish()
      resolve()
    }
    const abort = () => {
      finish()
      reject(signal?.reason)
    }
    const timer = setTimeout(wake, ms)
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort, { once: true })
    target.addEventListener?.('online', wake)
  })
}
