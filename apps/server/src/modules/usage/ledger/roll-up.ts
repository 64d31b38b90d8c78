import { type RawBuilder, sql } from 'kysely'
import { inTransaction, type Platform } from '../../../platform/context.ts'

const entriesAtOnce = 5_000
/** Any number, the same in every release. */
const rollUpLockKey = 727_565_433

const dimensions = sql`"workspaceId", "day", "userId", "apiKeyId", "model", "purpose"`
/** The sums of a day, from entries. */
export const sumsOfEntries = sql`
  count(*)::bigint as "calls",
  (count(*) filter (where "outcome" in ('failed', 'lost')))::bigint as "failedCalls",
  (count(*) filter (where "costMicroUsd" is null))::bigint as "unpricedCalls",
  sum("inputTokens")::bigint as "inputTokens",
  sum("cachedInputTokens")::bigint as "cachedInputTokens",
  sum("outputTokens")::bigint as "outputTokens",
  sum("reasoningTokens")::bigint as "reasoningTokens",
  coalesce(sum("costMicroUsd"), 0)::bigint as "costMicroUsd"`

/**
 * Adds the entries that are not yet in the days to them. Each entry is marked in the statement that adds it, so that it
 * counts once however often this runs, in however many processes; and an entry that comes late finds its day.
 */
export async function rollUp(platform: Platform, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await rollUpSome(platform)) === entriesAtOnce);
}

function rollUpSome(platform: Platform): Promise<number> {
  return inTransaction(platform, async (tx) => {
    await lockRollUp(tx)
    const fallback = platform.config.usage.timeZone
    const { rows } = await sql<{ count: number }>`
      with fresh as (
        update "usageEntries" set "rolledUp" = true
        where "id" in (select "id" from "usageEntries" where not "rolledUp" limit ${entriesAtOnce})
        returning *
      ),
      dated as (
        select fresh.*, ("createdAt" at time zone coalesce(settings."timeZone", ${fallback}))::date as "day"
        from fresh left join "usageSettings" settings using ("workspaceId")
      ),
      stored as (${addingDays(sql`dated`)})
      select count(*)::int as "count" from fresh`.execute(tx.db)
    return rows[0]?.count ?? 0
  })
}

/** When the time zone of a workspace changes: parts its days anew. In the transaction of that change. */
export async function partDaysAnew(tx: Platform, workspaceId: string, timeZone: string): Promise<void> {
  await lockRollUp(tx)
  await sql`delete from "usageDays" where "workspaceId" = ${workspaceId}`.execute(tx.db)
  await sql`
    with dated as (
      select *, ("createdAt" at time zone ${timeZone})::date as "day" from "usageEntries"
      where "workspaceId" = ${workspaceId} and "rolledUp"
    )
    ${addingDays(sql`dated`)}`.execute(tx.db)
}

function addingDays(from: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into "usageDays" as "stored" (${dimensions}, "calls", "failedCalls", "unpricedCalls", "inputTokens",
      "cachedInputTokens", "outputTokens", "reasoningTokens", "costMicroUsd")
    select ${dimensions}, ${sumsOfEntries} from ${from} group by ${dimensions}
    on conflict on constraint "usageDays_key" do update set
      "calls" = "stored"."calls" + excluded."calls",
      "failedCalls" = "stored"."failedCalls" + excluded."failedCalls",
      "unpricedCalls" = "stored"."unpricedCalls" + excluded."unpricedCalls",
      "inputTokens" = "stored"."inputTokens" + excluded."inputTokens",
      "cachedInputTokens" = "stored"."cachedInputTokens" + excluded."cachedInputTokens",
      "outputTokens" = "stored"."outputTokens" + excluded."outputTokens",
      "reasoningTokens" = "stored"."reasoningTokens" + excluded."reasoningTokens",
      "costMicroUsd" = "stored"."costMicroUsd" + excluded."costMicroUsd"`
}

async function lockRollUp(tx: Platform): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(rollUpLockKey)})`.execute(tx.db)
}
