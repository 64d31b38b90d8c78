import { sql } from 'kysely'
import { type Platform, perServer } from '../../../platform/context.ts'
import type { Cap } from './caps.ts'

/** Counters that this process has seen; a window's first call makes them. */
const seen = perServer(() => new Set<string>())
const mostSeen = 20_000

/**
 * Makes the counters that are missing, beginning with what the ledger has of their window: a budget made in the middle
 * of a month counts from the first. One statement, and none where this process knows that they are there.
 */
export async function ensureCounters(
  platform: Platform,
  workspaceId: string,
  caps: Cap[],
  again = false,
): Promise<void> {
  const known = seen(platform)
  const missing = again ? caps : caps.filter((cap) => !known.has(keyOf(cap)))
  if (missing.length === 0) return
  for (const cap of missing) await insertCounter(platform, workspaceId, cap)
  if (known.size > mostSeen) known.clear()
  for (const cap of missing) known.add(keyOf(cap))
}

async function insertCounter(platform: Platform, workspaceId: string, cap: Cap): Promise<void> {
  const used = cap.unit === 'money' ? sql`"costMicroUsd"` : sql`"inputTokens" + "outputTokens"`
  const { userIds, apiKeyId, model } = cap.counts ?? {}
  const counted = [
    sql`"workspaceId" = ${workspaceId} and "createdAt" >= ${cap.startsAt}::timestamptz`,
    ...(userIds === undefined ? [] : [sql`"userId" = any(${userIds}::uuid[])`]),
    ...(apiKeyId === undefined ? [] : [sql`"apiKeyId" = ${apiKeyId}::uuid`]),
    ...(model === undefined ? [] : [sql`"model" = ${model}`]),
    ...(cap.counts === null ? [sql`false`] : []),
  ]
  await sql`
    insert into "budgetCounters" ("workspaceId", "capId", "subject", "window", "resetsAt", "spent")
    select ${workspaceId}::uuid, ${cap.id}, ${cap.subject}, ${cap.label}, ${cap.resetsAt}::timestamptz, coalesce((
      select sum(${used}) from "usageEntries" where ${sql.join(counted, sql` and `)}
    ), 0)::bigint
    on conflict do nothing`.execute(platform.db)
}

function keyOf({ id, subject, label }: Cap): string {
  return `${id} ${label} ${subject}`
}

/** Counters of windows that ended long ago. */
export async function pruneCounters(platform: Platform): Promise<void> {
  await platform.db
    .deleteFrom('budgetCounters')
    .where('resetsAt', '<', sql<Date>`${platform.clock.now()}::timestamptz - interval '100 days'`)
    .execute()
}
