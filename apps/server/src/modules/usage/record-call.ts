import type { Ctx } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import type { CallOutcome } from './tables.ts'

/** One model call, as it is booked. Tokens are integers, money micro-USD (null where the price is not known). */
export interface Call {
  runId: string
  conversationId: string
  messageId: string
  provider: string
  model: string
  tokens: { input: number; cachedInput: number; output: number; reasoning: number }
  costMicroUsd: number | null
  latencyMs: number
  /** Null where nothing came. */
  firstTokenMs: number | null
  outcome: CallOutcome
}

/** Appends a call to the ledger, in the caller's transaction if there is one. Entries are never changed. */
export async function recordCall(ctx: Ctx, call: Call): Promise<void> {
  const { tokens, ...rest } = call
  await ctx.db
    .insertInto('usageEntries')
    .values({
      id: newId(),
      workspaceId: ctx.actor.workspaceId,
      userId: ctx.actor.userId,
      ...rest,
      inputTokens: tokens.input,
      cachedInputTokens: tokens.cachedInput,
      outputTokens: tokens.output,
      reasoningTokens: tokens.reasoning,
      createdAt: ctx.clock.now(),
    })
    .execute()
}
