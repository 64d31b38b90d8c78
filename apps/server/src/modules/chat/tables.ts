import type { Failure, Interrupt, Part, RunStatus, Usage } from '@parley/contract'
import type { ColumnType, Generated } from 'kysely'

/** What a run keeps of a preset. */
export interface RunPreset {
  instructions: string
  /** MCP servers whose tools are offered; null: all. */
  serverIds: string[] | null
}

interface RunsTable {
  id: string
  workspaceId: string
  conversationId: string
  /** The assistant message it writes. */
  messageId: string
  /** Who asked for it; it acts as this person. */
  userId: string
  /**
   * The API key that asked for it, if one did: its budgets count the run, and the run does no more than it may, whichever
   * process goes on with it.
   */
  apiKeyId: string | null
  status: Generated<RunStatus>
  model: string
  modelReason: string
  maxOutputTokens: number | null
  /** What a preset says of every step, as it was when the run began; null without one, and once nothing goes on with it. */
  preset: ColumnType<RunPreset | null, string | null | undefined, string | null>
  /** The interrupted run this one goes on from; unique, so that a question is answered once. */
  previousRunId: string | null
  /** Grows with every takeover. Only the holder of the newest attempt may write. */
  attempt: Generated<number>
  leaseOwner: string
  leaseUntil: Date
  /** Parts after those the message has, saved about once a second; dropped by a takeover. */
  draft: ColumnType<Part[] | null, never, string | null>
  /** Number in the run log up to which message and draft tell everything. */
  savedThrough: Generated<number>
  stopRequestedAt: Date | null
  interrupts: ColumnType<Interrupt[], string | undefined, string>
  usage: ColumnType<Usage | null, never, string | null>
  error: ColumnType<Failure | null, never, string | null>
  createdAt: Date
  finishedAt: Date | null
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    runs: RunsTable
  }
}
