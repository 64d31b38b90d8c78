import type { CallOutcome, UsagePurpose } from '@parley/contract'

/** The ledger: a row for each model call. But for `rolledUp`, rows never change. */
export interface UsageEntriesTable {
  id: string
  /** Names the call: booked once, whoever books it. Null for entries older than this column. */
  callKey: string | null
  workspaceId: string
  userId: string
  apiKeyId: string | null
  plan: string | null
  purpose: UsagePurpose
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
  estimated: boolean
  /** Whether it is in `usageDays` already. */
  rolledUp: boolean
  createdAt: Date
}

/** Sums by day of the workspace's time zone, of the entries that are rolled up. */
interface UsageDaysTable {
  workspaceId: string
  day: string
  userId: string
  apiKeyId: string | null
  model: string
  purpose: UsagePurpose
  calls: number
  failedCalls: number
  unpricedCalls: number
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  reasoningTokens: number
  costMicroUsd: number
}

interface UsageSettingsTable {
  workspaceId: string
  /** IANA name; null: the server's default. */
  timeZone: string | null
  maxSteps: number | null
  maxToolCalls: number | null
  maxCostMicroUsd: number | null
  maxSeconds: number | null
  updatedAt: Date
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    usageEntries: UsageEntriesTable
    usageDays: UsageDaysTable
    usageSettings: UsageSettingsTable
  }
}
