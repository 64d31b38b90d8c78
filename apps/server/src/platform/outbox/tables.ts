import type { ColumnType, Generated } from 'kysely'

/** A domain event, as it happened. */
interface OutboxEventsTable {
  /** Grows in the order of writing. */
  position: Generated<number>
  id: string
  workspaceId: string
  type: string
  /** What it is about; events of one subject reach each listener in order. */
  subjectId: string
  data: ColumnType<Record<string, unknown>, string, never>
  createdAt: Date
}

/** An event that a listener has still to take; gone once it has. */
interface OutboxDeliveriesTable {
  position: number
  listener: string
  subjectId: string
  /** `dead`: failed too often, kept to be looked at. */
  state: 'pending' | 'dead'
  attempts: number
  /** Not before this; while a process is at it, when it counts as died. */
  notBefore: Date
  lastError: string | null
}

declare module '../database/schema.ts' {
  interface Database {
    outboxEvents: OutboxEventsTable
    outboxDeliveries: OutboxDeliveriesTable
  }
}
