import type { BudgetNotice, CallOutcome } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { type Cap, capsOf, planCaps } from './budgets/caps.ts'
import { reserve } from './budgets/reserve.ts'
import { settle } from './budgets/settle.ts'
import type { HeldItem } from './budgets/tables.ts'
import { warnOf } from './budgets/warn.ts'
import type { CallDetails, Tokens } from './call.ts'
import { limitSettings } from './limits/limit-settings.ts'
import { rulesOf } from './rules.ts'

/** A call as it ended. */
export interface BookedCall {
  call: CallDetails
  tokens: Tokens
  costMicroUsd: number | null
  latencyMs: number
  /** Null where nothing came. */
  firstTokenMs: number | null
  outcome: CallOutcome
  /** The provider did not tell the tokens. */
  estimated: boolean
  bookedAt: Date
}

/** A call that may be made: what it holds of the budgets until it is booked. */
export interface OpenCall {
  call: CallDetails
  /** What the answer may have at most; null: as much as was wanted. */
  maxOutputTokens: number | null
  caps: Cap[]
  items: HeldItem[]
  /** The budget that gave the answer less room than it wanted. */
  lowered: BudgetNotice | null
  /** Budgets that passed a threshold before. */
  warnings: BudgetNotice[]
}

/** How large a call may become; asked for only where a budget wants to know. */
export interface Sizes {
  /** About how many tokens it sends, and how many it cannot exceed. */
  input: { likely: number; ceiling: number }
  /** The longest answer that would be welcome. */
  wantedOutput: number
}

/** The reservation of a process that died is settled by others when the call cannot be under way any more. */
const graceMs = 60_000

/**
 * Opens a model call: takes what it may use at most out of all budgets that count it. Costs nothing where none does.
 * Every opened call has to be booked. `sizes` is null for a call that costs nobody anything.
 * @throws AppError budget_exceeded when too little is left for any answer
 */
export async function openCall(
  ctx: Ctx,
  call: Omit<CallDetails, 'workspaceId' | 'userId' | 'plan' | 'inputTokens' | 'maxOutputTokens' | 'startedAt'>,
  sizes: (() => Sizes) | null,
): Promise<OpenCall> {
  const now = ctx.clock.now()
  const { workspaceId, userId } = ctx.actor
  const [rules, limits] = await Promise.all([rulesOf(ctx), limitSettings(ctx, workspaceId)])
  const details: CallDetails = {
    ...call,
    workspaceId,
    userId,
    plan: limits.plan.id,
    inputTokens: 0,
    maxOutputTokens: null,
    startedAt: now.toISOString(),
  }
  const caller = { workspaceId, userId, apiKeyId: call.apiKeyId, model: call.model }
  const caps = [...planCaps(limits, rules.timeZone, caller, now), ...capsOf(rules, caller, now)].filter(
    // What has no price cannot be counted in money; its tokens are.
    ({ unit }) => unit === 'tokens' || call.price !== null,
  )
  if (caps.length === 0 || sizes === null)
    return { call: details, maxOutputTokens: null, caps: [], items: [], lowered: null, warnings: [] }
  const { input, wantedOutput } = sizes()
  details.inputTokens = input.likely
  const expiresInMs = Math.max(rules.fuse.maxMs, ctx.config.models.runMs) + graceMs
  const { maxOutputTokens, ...held } = await reserve(ctx, caps, {
    call: details,
    inputCeiling: Math.max(input.ceiling, input.likely),
    wantedOutput,
    expiresInMs,
  })
  return { call: details, maxOutputTokens: held.lowered ? maxOutputTokens : null, caps, ...held }
}

/**
 * Books a call that ended, however it did: the ledger entry, what it took of the budgets, and what it gives back, in one
 * statement. Answers the budgets that passed a threshold by it; the workspace is told of those.
 */
export async function bookCall(
  ctx: Ctx,
  open: OpenCall,
  booked: Omit<BookedCall, 'call' | 'bookedAt'>,
): Promise<BudgetNotice[]> {
  const counters = await settle(ctx, { ...booked, call: open.call, bookedAt: ctx.clock.now() }, open.items)
  return counters.length === 0 ? [] : warnOf(ctx, open.call.workspaceId, open.caps, counters)
}
