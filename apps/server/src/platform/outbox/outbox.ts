import { type RawBuilder, sql } from 'kysely'
import { type Platform, perServer, whenCommitted } from '../context.ts'
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

interface Listening {
  listener: Listener
  /** Whether it wants an event with this data at all; decided when the event is stored. */
  when: (data: NewEvent['data']) => boolean
}

/** Channel of the bus that says an event was stored. */
export const outboxChannel = 'outbox'

/** The listeners of this process, by event type and then by their own name. */
export const listenersOf = perServer(() => new Map<string, Map<string, Listening>>())

/**
 * Has `listener` called for every event of a type that is stored from now on: at least once each (so it must allow a
 * repeat), in order per subject, tried again with growing pauses when it throws. `name` is stored: unique for ever.
 * `when` leaves out, for free, events that it would do nothing about.
 */
export function listen(
  platform: Platform,
  type: string,
  name: string,
  listener: Listener,
  when: Listening['when'] = () => true,
): void {
  const byType = listenersOf(platform)
  for (const listeners of byType.values()) {
    if (listeners.has(name)) throw new Error(`There are two listeners named ${name}.`)
  }
  const listeners = byType.get(type) ?? new Map<string, Listening>()
  byType.set(type, listeners.set(name, { listener, when }))
}

/** Stores an event in the transaction of `tx`, for each listener of its type to take afterwards. */
export async function emit(tx: Platform, event: NewEvent): Promise<void> {
  const { expressions, stored } = emitting(tx, event)
  await sql`with ${expressions} select`.execute(tx.db)
  stored()
}

/**
 * The same as part of a larger statement: expressions for its `with`, and what to call once it was executed. Where
 * `onlyIf` names another of the statement's expressions, the event is stored only if that one has a row.
 */
export function emitting(
  tx: Platform,
  { type, workspaceId, subjectId, data }: NewEvent,
  onlyIf?: string,
): { expressions: RawBuilder<unknown>; stored: () => void } {
  const now = tx.clock.now()
  const listeners = [...(listenersOf(tx).get(type) ?? [])].flatMap(([name, { when }]) => (when(data) ? [name] : []))
  const event = sql`"event" as (
    insert into "outboxEvents" ("id", "workspaceId", "type", "subjectId", "data", "createdAt")
    select ${newId()}::uuid, ${workspaceId}::uuid, ${type}::text, ${subjectId}::uuid, ${JSON.stringify(data)}::jsonb,
      ${now}::timestamptz
    ${onlyIf === undefined ? sql`` : sql`from ${sql.id(onlyIf)}`}
    returning "position", "subjectId"
  )`
  if (listeners.length === 0) return { expressions: event, stored: () => undefined }
  const deliveries = sql`"deliveries" as (
    insert into "outboxDeliveries" ("position", "subjectId", "listener", "state", "attempts", "notBefore")
    select "position", "subjectId", unnest(${listeners}::text[]), 'pending', 0, ${now}::timestamptz from "event"
  )`
  return {
    expressions: sql`${event}, ${deliveries}`,
    stored: () => whenCommitted(tx, () => tx.bus.publish(outboxChannel, null)),
  }
}
