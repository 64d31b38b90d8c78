import type { BudgetNotice } from '@parley/contract'
import { type RawBuilder, sql } from 'kysely'
import type { Ctx } from '../../../platform/context.ts'
import type { CallDetails } from '../call.ts'
import type { Cap } from './caps.ts'
import { ensureCounters } from './counters.ts'
import { budgetExceeded, noticeOf, type Standing } from './notice.ts'
import type { HeldItem } from './tables.ts'
import { thresholdOf } from './warn.ts'

/** What a call asks for. */
export interface Request {
  call: CallDetails
  /** More tokens than this the input cannot be. */
  inputCeiling: number
  /** Tokens of the longest answer that would be welcome. */
  wantedOutput: number
  /** How long the call may take. */
  expiresInMs: number
}

/** What a call got. */
export interface Reservation {
  maxOutputTokens: number
  items: HeldItem[]
  /** The budget that gave the answer less room than it wanted. */
  lowered: BudgetNotice | null
  /** Budgets that passed a threshold before. */
  warnings: BudgetNotice[]
}

/** An answer shorter than this is not worth its question. */
const shortestAnswer = 256
/** While a budget has this much, a single call does not take more than a share of it, so that others find some too. */
const roomyAnswer = 4_096
const share = 4

interface Row extends Standing {
  capId: string
  subject: string
  window: string
  held: number
  granted: number
  isGranted: boolean
}

/**
 * Takes what the call may use at most out of every budget that counts it: from all or from none, in one statement. Where
 * little is left, the answer gets less room; where too little is left for any answer, the call is refused.
 *
 * Input is reserved at its ceiling, so that a budget is never exceeded. An allowance of the plan is given out to its end
 * instead: the call that finds less than its ceiling left goes by the likely size of its input, and holds all there is.
 * @throws AppError budget_exceeded
 */
export async function reserve(ctx: Ctx, caps: Cap[], request: Request): Promise<Reservation> {
  const { workspaceId } = request.call
  await ensureCounters(ctx, workspaceId, caps)
  let rows = await tryReserve(ctx, caps, request)
  if (rows.length < caps.length) {
    // A counter is gone: the budget was deleted meanwhile, or the database was restored.
    await ensureCounters(ctx, workspaceId, caps, true)
    rows = await tryReserve(ctx, caps, request)
  }
  const standings = caps.flatMap((cap) => {
    const row = rows.find(
      ({ capId, subject, window }) => capId === cap.id && subject === cap.subject && window === cap.label,
    )
    return row ? [{ cap, row }] : []
  })
  const [first] = rows
  const [tightest] = standings.toSorted((one, other) => one.row.allowed - other.row.allowed)
  if (!first?.isGranted || !tightest) throw budgetExceeded(ctx, standings, request, shortestAnswer)
  return {
    maxOutputTokens: first.granted,
    items: standings.map(({ cap, row }) => ({
      capId: cap.id,
      subject: cap.subject,
      window: cap.label,
      money: cap.unit === 'money',
      amount: row.held,
    })),
    lowered: first.granted < request.wantedOutput ? noticeOf(tightest.cap, tightest.row, 'lowered') : null,
    warnings: standings.flatMap(({ cap, row }) => {
      const reached = thresholdOf(cap, row.spent)
      return reached === undefined ? [] : [noticeOf(cap, row, reached >= 100 ? 'exceeded' : 'warning')]
    }),
  }
}

async function tryReserve(ctx: Ctx, caps: Cap[], request: Request): Promise<Row[]> {
  const { call, inputCeiling, wantedOutput, expiresInMs } = request
  const { inputMicroUsd = 0, cachedInputMicroUsd = 0, outputMicroUsd = 0 } = call.price ?? {}
  const inputPrice = Math.max(inputMicroUsd, cachedInputMicroUsd)
  const least = Math.min(wantedOutput, shortestAnswer)
  const expiresAt = new Date(ctx.clock.now().getTime() + expiresInMs)
  // Per counter, in its own unit: what is left after the input, as tokens of output. Money is micro-USD per million tokens.
  const allowed = (input: RawBuilder<unknown>) => sql`case
    when not "hardStop" then 1e15
    when not "money" then "amountLeft" - ${input}
    when ${outputMicroUsd}::bigint > 0 then
      floor(("amountLeft" * 1000000 - ${input}::numeric * ${inputPrice}::bigint) / ${outputMicroUsd}::bigint)
    when "amountLeft" * 1000000 >= ${input}::numeric * ${inputPrice}::bigint then 1e15
    else 0
  end`
  const { rows } = await sql<Row>`
    with cap as (
      select * from unnest(
        ${caps.map((cap) => cap.id)}::text[],
        ${caps.map((cap) => cap.subject)}::text[],
        ${caps.map((cap) => cap.label)}::text[],
        ${caps.map((cap) => cap.amount)}::bigint[],
        ${caps.map((cap) => cap.hardStop)}::boolean[],
        ${caps.map((cap) => cap.unit === 'money')}::boolean[],
        ${caps.map((cap) => cap.kind === 'budget')}::boolean[]
      ) as cap ("capId", "subject", "window", "amount", "hardStop", "money", "strict")
    ),
    locked as (
      select counter.*, cap."amount", cap."hardStop", cap."money", cap."strict"
      from "budgetCounters" counter join cap using ("capId", "subject", "window")
      where counter."workspaceId" = ${call.workspaceId}
      order by "capId", "subject", "window"
      for update of counter
    ),
    room as (
      select *, ${allowed(sql`${inputCeiling}::bigint`)} as "sure",
        ${allowed(sql`(case when "strict" then ${inputCeiling} else ${call.inputTokens} end)::bigint`)} as "allowed"
      from (select *, ("amount" - "spent" - "reserved")::numeric as "amountLeft" from locked) counter
    ),
    granted as (
      select
        least(${wantedOutput}::bigint, greatest(ceil("room" / ${share}), least("room", ${roomyAnswer}::bigint)))::bigint as "granted",
        "found" = ${caps.length}::int and "most" >= ${least}::bigint as "isGranted"
      from (
        select
          case when min("sure") >= ${least}::bigint then min("sure") else min("allowed") end as "room",
          min("allowed") as "most",
          count(*) as "found"
        from room
      ) tightest
    ),
    taken as (
      select room.*, granted.*, case
        when "money" then ceil((${inputCeiling}::numeric * ${inputPrice}::bigint + "granted" * ${outputMicroUsd}::bigint) / 1000000)
        else ${inputCeiling}::bigint + "granted"
      end as "wanted"
      from room cross join granted
    ),
    held as (
      select *, (case when "hardStop" then least("wanted", "amountLeft") else "wanted" end)::bigint as "held" from taken
    ),
    changed as (
      update "budgetCounters" counter set "reserved" = counter."reserved" + held."held"
      from held
      where held."isGranted" and counter."workspaceId" = held."workspaceId" and counter."capId" = held."capId"
        and counter."subject" = held."subject" and counter."window" = held."window"
    ),
    stored as (
      insert into "budgetReservations" ("callKey", "workspaceId", "runId", "items", "call", "expiresAt")
      select ${call.callKey}, ${call.workspaceId}::uuid, ${call.runId}::uuid,
        jsonb_agg(jsonb_build_object('capId', "capId", 'subject', "subject", 'window', "window", 'money', "money", 'amount', "held")),
        ${JSON.stringify(call)}::jsonb || jsonb_build_object('maxOutputTokens', min("granted")),
        ${expiresAt}::timestamptz
      from held where "isGranted" having count(*) > 0
    )
    select "capId", "subject", "window", "spent", "reserved", "held", "granted", "isGranted",
      least("allowed", 1e15)::bigint as "allowed"
    from held order by "capId", "subject", "window"`.execute(ctx.db)
  return rows
}
