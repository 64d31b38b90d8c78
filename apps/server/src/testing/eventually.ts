import { vi } from 'vitest'

/** Waits until this no longer throws, and answers what it does. What never comes ends after minutes, on a slow machine too. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 180_000, interval: 20 })
}
