import type { UsageDay, UsageReport } from '@parley/contract'
import { sql } from 'kysely'
import type { Ctx } from '../../../platform/context.ts'
import { namesOfApiKeys, namesOfPeople } from '../../identity/index.ts'
import { rulesOf } from '../rules.ts'
import { daysOf, entriesWhere, type Filters, whoAndWhat } from './filters.ts'
import { sumsOfEntries } from './roll-up.ts'

export type GroupBy = 'model' | 'person' | 'key' | 'purpose' | 'none'
type Sums = UsageReport['total']

const groupColumns = {
  model: sql`"model"`,
  person: sql`"userId"::text`,
  key: sql`"apiKeyId"::text`,
  purpose: sql`"purpose"`,
  none: sql`null::text`,
}

/** Sums by day: of what is rolled up, and of the entries that are not yet. Exact at any moment. */
export async function reportUsage(ctx: Ctx, filters: Filters, groupBy: GroupBy): Promise<UsageReport> {
  const { timeZone } = await rulesOf(ctx)
  const days = daysOf(ctx, timeZone, filters)
  const inDays = [...whoAndWhat(ctx, filters), sql`"day" between ${days.from}::date and ${days.to}::date`]
  const { rows } = await sql<Sums & { day: string; groupId: string | null }>`
    select "day"::text as "day", "groupId", ${summed('calls')}, ${summed('failedCalls')}, ${summed('unpricedCalls')},
      ${summed('inputTokens')}, ${summed('cachedInputTokens')}, ${summed('outputTokens')}, ${summed('reasoningTokens')},
      ${summed('costMicroUsd')}
    from (
      select "day", ${groupColumns[groupBy]} as "groupId", "calls", "failedCalls", "unpricedCalls", "inputTokens",
        "cachedInputTokens", "outputTokens", "reasoningTokens", "costMicroUsd"
      from "usageDays" where ${sql.join(inDays, sql` and `)}
      union all
      select ("createdAt" at time zone ${timeZone})::date as "day", ${groupColumns[groupBy]} as "groupId", ${sumsOfEntries}
      from "usageEntries" where not "rolledUp" and ${entriesWhere(ctx, timeZone, { ...filters, ...days })}
      group by 1, 2
    ) part
    group by 1, 2 order by 1, 2`.execute(ctx.db)
  const names = await namesOfGroups(
    ctx,
    groupBy,
    rows.flatMap(({ groupId }) => groupId ?? []),
  )
  return {
    ...days,
    timeZone,
    days: rows.map((row): UsageDay => ({ ...row, groupName: row.groupId === null ? null : names(row.groupId) })),
    total: rows.reduce(add, emptySums()),
  }
}

function summed(column: string) {
  return sql`sum(${sql.ref(column)})::bigint as ${sql.id(column)}`
}

async function namesOfGroups(ctx: Ctx, groupBy: GroupBy, ids: string[]): Promise<(id: string) => string | null> {
  const distinct = [...new Set(ids)]
  if (groupBy === 'person') {
    const people = await namesOfPeople(ctx, distinct)
    return (id) => people.get(id)?.name ?? null
  }
  if (groupBy === 'key') {
    const keys = await namesOfApiKeys(ctx, distinct)
    return (id) => keys.get(id) ?? null
  }
  return (id) => id
}

function emptySums(): Sums {
  return {
    calls: 0,
    failedCalls: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    costMicroUsd: 0,
    unpricedCalls: 0,
  }
}

function add(sum: Sums, row: Sums): Sums {
  for (const key of Object.keys(sum) as (keyof Sums)[]) sum[key] += row[key]
  return sum
}
