import type { Run } from '@parley/contract'
import type { RunRow } from './store.ts'

/** A run as it crosses the wire. */
export function presentRun(row: RunRow, nextRunId: string | null = null): Run {
  return {
    id: row.id,
    conversationId: row.conversationId,
    messageId: row.messageId,
    status: row.status,
    model: row.model,
    interrupts: row.interrupts,
    usage: row.usage,
    error: row.error,
    nextRunId,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}
