import { type Actor, type Platform, perServer } from '../../platform/context.ts'
import { concerns, type Revoked, revokedChannel } from '../../platform/http/index.ts'
import type { KeyUse } from './api-keys/find-key.ts'

const keptMs = 5_000
const keptEntries = 10_000

/** Who stands behind a credential, until when it is good, and for a key what it asks of each request. */
export interface Found {
  actor: Actor
  goodUntil: Date | null
  use?: KeyUse
}

/**
 * Who stands behind a credential, remembered for five seconds, so that a busy client costs no query per request. Only
 * good credentials are kept, under a hash. What is revoked in this process is forgotten at once.
 */
class CredentialCache {
  readonly #entries = new Map<string, { found: Found; until: number }>()
  #revocations = 0

  /** What is remembered, or what `load` finds; `goodUntil` limits how long that is kept. */
  async get(key: string, now: number, load: () => Promise<Found | undefined>): Promise<Found | undefined> {
    const known = this.#entries.get(key)
    if (known !== undefined && known.until > now) return known.found
    this.#entries.delete(key)
    const revocationsBefore = this.#revocations
    const found = await load()
    // What was revoked while the query ran may have been read before; then it is not kept.
    if (found !== undefined && this.#revocations === revocationsBefore) {
      this.#entries.set(key, {
        found,
        until: Math.min(now + keptMs, found.goodUntil?.getTime() ?? Infinity),
      })
      this.#dropOldest()
    }
    return found
  }

  forget(revoked: Revoked): void {
    this.#revocations++
    for (const [key, { found }] of this.#entries) if (concerns(revoked, found.actor)) this.#entries.delete(key)
  }

  #dropOldest(): void {
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= keptEntries) break
      this.#entries.delete(oldest)
    }
  }
}

export const credentialCache = perServer(({ bus }) => {
  const cache = new CredentialCache()
  bus.subscribe(revokedChannel, (message) => cache.forget(message as Revoked))
  return cache
})

/** Calls `listener` when a credential of this person's, or all they may do, could have changed; call the answer to stop. */
export function onRevoked(
  { bus }: Pick<Platform, 'bus'>,
  actor: Pick<Actor, 'credentialId' | 'userId'>,
  listener: () => void,
): () => void {
  return bus.subscribe(revokedChannel, (message) => {
    const { credentialId, userId } = message as { credentialId?: string; userId?: string }
    if (credentialId === actor.credentialId || userId === actor.userId) listener()
  })
}
