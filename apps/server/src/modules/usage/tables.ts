export type CallOutcome = 'finished' | 'stopped' | 'failed'

interface UsageEntriesTable {
  id: string
  workspaceId: string
  userId: string
  runId: string
  conversationId: string
  messageId: string
  provider: string
  model: string
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  reasoningTokens: number
  /** Null where the price is not known. */
  costMicroUsd: number | null
  latencyMs: number
  firstTokenMs: number | null
  outcome: CallOutcome
  createdAt: Date
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    usageEntries: UsageEntriesTable
  }
}
