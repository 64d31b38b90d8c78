/**
 * Messages between the parts of one installation. In process here; a later Redis bus reaches every replica. Nothing
 * that must not be lost travels by it: what is kept is in the database, the bus only says "look now".
 */
export interface Bus {
  publish(channel: string, message: unknown): void
  /** Calls `listener` for each message; call the answer to stop. Listeners never throw to the publisher. */
  subscribe(channel: string, listener: (message: unknown) => void): () => void
}

/** A bus for a single process. */
export function createLocalBus(onError: (error: unknown) => void): Bus {
  const channels = new Map<string, Set<(message: unknown) => void>>()
  return {
    publish(channel, message) {
      for (const listener of channels.get(channel) ?? []) {
        try {
          listener(message)
        } catch (error) {
          onError(error)
        }
      }
    },
    subscribe(channel, listener) {
      const listeners = channels.get(channel) ?? new Set()
      channels.set(channel, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) channels.delete(channel)
      }
    },
  }
}
