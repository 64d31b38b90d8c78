import { sql } from 'kysely'
import type { Platform } from '../../../platform/context.ts'
import { newId } from '../../../platform/crypto/index.ts'
import type { BookedCall } from '../book-call.ts'
import type { HeldItem } from './tables.ts'

/** A counter after a call was booked. */
export interface CounterAfter {
  capId: string
  subject: string
  window: string
  spent: number
  reserved: number
  warned: number
}

/**
 * Writes the ledger entry of a call, counts what it took, and gives back what was reserved, in one statement: all of it
 * happens, once, whoever does it first. Without `items` only the entry is written.
 */
export async function settle(platform: Platform, booked: BookedCall, items: HeldItem[]): Promise<CounterAfter[]> {
  const { call, tokens, costMicroUsd, latencyMs, firstTokenMs, outcome, estimated, bookedAt } = booked
  const entry = sql`
    insert into "usageEntries" ("id", "callKey", "workspaceId", "userId", "apiKeyId", "plan", "purpose", "runId",
      "conversationId", "messageId", "provider", "model", "inputTokens", "cachedInputTokens", "outputTokens",
      "reasoningTokens", "costMicroUsd", "latencyMs", "firstTokenMs", "outcome", "estimated", "createdAt")
    values (${newId()}, ${call.callKey}, ${call.workspaceId}, ${call.userId}, ${call.apiKeyId}, ${call.plan}, ${call.purpose},
      ${call.runId}, ${call.conversationId}, ${call.messageId}, ${call.provider}, ${call.model}, ${tokens.input},
      ${tokens.cachedInput}, ${tokens.output}, ${tokens.reasoning}, ${costMicroUsd}, ${latencyMs}, ${firstTokenMs}, ${outcome},
      ${estimated}, ${bookedAt})
    on conflict ("callKey") do nothing`
  if (items.length === 0) {
    await entry.execute(platform.db)
    return []
  }
  const actual = items.map(({ money }) => (money ? (costMicroUsd ?? 0) : tokens.input + tokens.output))
  const { rows } = await sql<CounterAfter>`
    with entry as (${entry} returning 1),
    gone as (delete from "budgetReservations" where "callKey" = ${call.callKey} returning "items"),
    used as materialized (
      select "capId", "subject", "window", "actual", coalesce((
        select sum((item ->> 'amount')::bigint) from gone, jsonb_array_elements(gone."items") item
        where item ->> 'capId' = used."capId" and item ->> 'subject' = used."subject" and item ->> 'window' = used."window"
      ), 0)::bigint as "held"
      from unnest(
        ${items.map((item) => item.capId)}::text[],
        ${items.map((item) => item.subject)}::text[],
        ${items.map((item) => item.window)}::text[],
        ${actual}::bigint[]
      ) as used ("capId", "subject", "window", "actual")
    ),
    locked as (
      select counter."workspaceId", counter."capId", counter."subject", counter."window", used."held",
        case when exists (select from entry) then used."actual" else 0 end as "actual"
      from "budgetCounters" counter join used using ("capId", "subject", "window")
      where counter."workspaceId" = ${call.workspaceId}
      order by counter."capId", counter."subject", counter."window"
      for update of counter
    )
    update "budgetCounters" counter
    set "spent" = counter."spent" + locked."actual", "reserved" = greatest(0, counter."reserved" - locked."held")
    from locked
    where counter."workspaceId" = locked."workspaceId" and counter."capId" = locked."capId"
      and counter."subject" = locked."subject" and counter."window" = locked."window"
    returning counter."capId", counter."subject", counter."window", counter."spent", counter."reserved", counter."warned"
  `.execute(platform.db)
  return rows
}
