import { useSyncExternalStore } from 'react'

let current = ''
const listeners = new Set<() => void>()

/** Says something to screen readers, once. */
export function announce(text: string): void {
  // The same words twice in a row are only heard when the text differs.
  current = text === current ? `${text}\u00a0` : text
  for (const listener of listeners) listener()
}

export function Announcements() {
  const text = useSyncExternalStore(subscribe, () => current)
  return (
    <div role="status" className="sr-only" data-testid="announcements">
      {text}
    </div>
  )
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
