import { useCallback, useEffect, useSyncExternalStore } from 'react'

/** Code fetched when first wanted, and shared by all who want it. */
export interface Lazy<T> {
  load: () => Promise<T>
  value: T | undefined
  pending: Promise<void> | undefined
  listeners: Set<() => void>
}

export function lazy<T>(load: () => Promise<T>): Lazy<T> {
  return { load, value: undefined, pending: undefined, listeners: new Set() }
}

/** Loads unless already loaded. A failure (offline, a new release was deployed) is logged, and the next call tries again. */
export function preload<T>(part: Lazy<T>): Promise<void> {
  part.pending ??= part.load().then(
    (value) => {
      part.value = value
      for (const listener of part.listeners) listener()
    },
    (error: unknown) => {
      part.pending = undefined
      console.warn('A part of the page could not be loaded; its content is shown plain.', error)
    },
  )
  return part.pending
}

/** The value once it is loaded; asks for it when there is something wanted. */
export function useLazy<T>(part: Lazy<T> | undefined): T | undefined {
  const subscribe = useCallback(
    (listener: () => void) => {
      part?.listeners.add(listener)
      return () => part?.listeners.delete(listener)
    },
    [part],
  )
  const read = () => part?.value
  const value = useSyncExternalStore(subscribe, read, read)
  useEffect(() => {
    if (part && value === undefined) void preload(part)
  }, [part, value])
  return value
}
