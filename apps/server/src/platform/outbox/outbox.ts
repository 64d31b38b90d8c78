import { sql } from 'kysely'
import { type Platform, perServer } from '../context.ts'
import { newId } from '../crypto/index.ts'
import type {} from './tables.ts'

/** Something that happened, to be stored with the change that it tells of. `data` is JSON. */
export interface NewEvent {
  /** Noun, then happening: `message-created`. */
  type: string
  workspaceId: string
  /** Id of what it is about; events of one subject reach each listener in order. */
  subjectId: string
  data: Record<string, unknown>
}

export interface DomainEvent extends NewEvent {
  id: string
  createdAt: Date
}

export type Listener = (platform: Platform, event: DomainEvent) => Promise<void>

/** Channel of the bus that says an event was stored. */
export const outboxChannel = 'outbox'

/** The listeners of this process, by event type and then by their own name. */
export const listenersOf = perServer(() => new Map<string, Map<string, Listener>>())

/**
 * Has `listener` called for every event of a type that is stored from now on: at least once each (so it must allow a
 * repeat), in order per subject, tried again with growing pauses when it throws. `name` is stored: unique for ever.
 */
export function listen(platform: Platform, type: string, name: string, listener: Listener): void {
  const byType = listenersOf(platform)
  for (const listeners of byType.values()) {
    if (listeners.has(name)) throw new Error(`There are two listeners named ${name}.`)
  }
  const listeners = byType.get(type) ?? new Map<string, Listener>()
  byType.set(type, listeners.set(name, listener))
}

/** Stores an event in the transaction of `tx`, for each listener of its type to take afterwards. */
export async function emit(tx: Platform, event: NewEvent): Promise<void> {
  const now = tx.clock.now()
  const stored = tx.db
    .insertInto('outboxEvents')
    .values({ ...event, id: newId(), data: JSON.stringify(event.data), createdAt: now })
  const listeners = listenersOf(tx).get(event.type)
  if (!listeners) {
    await stored.execute()
    return
  }
  await sql`
    with event as (${stored.returning(['position', 'subjectId'])})
    insert into "outboxDeliveries" ("position", "subjectId", "listener", "state", "attempts", "notBefore")
    select "position", "subjectId", unnest(${[...listeners.keys()]}::text[]), 'pending', 0, ${now}::timestamptz from event
  `.execute(tx.db)
  tx.bus.publish(outboxChannel, null)
}
