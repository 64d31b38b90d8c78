import type { BudgetUnit } from '@parley/contract'
import { type Insertable, sql, type Updateable } from 'kysely'
import type { Ctx } from '../../../platform/context.ts'
import type { BudgetRow } from '../rules.ts'
import type { BudgetsTable } from './tables.ts'

/** Budgets of the actor's workspace, oldest first, after `afterId`. */
export function listBudgetRows(ctx: Ctx, page: { limit: number; afterId?: string | undefined }): Promise<BudgetRow[]> {
  const query = ctx.db
    .selectFrom('budgets')
    .selectAll()
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .orderBy('id')
    .limit(page.limit)
  return (page.afterId === undefined ? query : query.where('id', '>', page.afterId)).execute()
}

export function countBudgets(ctx: Ctx): Promise<{ count: number }> {
  return ctx.db
    .selectFrom('budgets')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .executeTakeFirstOrThrow()
}

export function insertBudget(ctx: Ctx, row: Insertable<BudgetsTable>): Promise<BudgetRow> {
  return ctx.db.insertInto('budgets').values(row).returningAll().executeTakeFirstOrThrow()
}

export function findBudget({ db, actor }: Ctx, id: string): Promise<BudgetRow | undefined> {
  return db
    .selectFrom('budgets')
    .selectAll()
    .where('id', '=', id)
    .where('workspaceId', '=', actor.workspaceId)
    .executeTakeFirst()
}

export function updateBudget(ctx: Ctx, id: string, change: Updateable<BudgetsTable>): Promise<BudgetRow | undefined> {
  return ctx.db
    .updateTable('budgets')
    .set({ ...change, updatedAt: ctx.clock.now() })
    .where('id', '=', id)
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .returningAll()
    .executeTakeFirst()
}

/** With its counters; reservations that are open end as if there were none for it. */
export async function deleteBudget(tx: Ctx, id: string): Promise<boolean> {
  const result = await tx.db
    .deleteFrom('budgets')
    .where('id', '=', id)
    .where('workspaceId', '=', tx.actor.workspaceId)
    .executeTakeFirst()
  await tx.db
    .deleteFrom('budgetCounters')
    .where('workspaceId', '=', tx.actor.workspaceId)
    .where('capId', '=', id)
    .execute()
  return result.numDeletedRows > 0n
}

/** A threshold that another amount or list of thresholds puts above what is spent may be told again. */
export async function forgetWarnings(tx: Ctx, id: string): Promise<void> {
  await tx.db
    .updateTable('budgetCounters')
    .set({ warned: 0 })
    .where('workspaceId', '=', tx.actor.workspaceId)
    .where('capId', '=', id)
    .execute()
}

export interface CounterRow {
  capId: string
  subject: string
  spent: number
  reserved: number
}

/** The fullest counters of each budget in its window, `limit` a budget at most; of one subject where one is named. */
export async function listCounters(
  ctx: Ctx,
  budgets: { id: string; label: string; subject: string | null; unit: BudgetUnit }[],
  limit: number,
): Promise<CounterRow[]> {
  if (budgets.length === 0) return []
  const { rows } = await sql<CounterRow>`
    select counter."capId", counter."subject", counter."spent", counter."reserved"
    from unnest(
      ${budgets.map(({ id }) => id)}::text[],
      ${budgets.map(({ label }) => label)}::text[],
      ${budgets.map(({ subject }) => subject)}::text[]
    ) as budget ("id", "label", "subject")
    cross join lateral (
      select * from "budgetCounters"
      where "workspaceId" = ${ctx.actor.workspaceId} and "capId" = budget."id" and "window" = budget."label"
        and (budget."subject" is null or "subject" = budget."subject")
      order by "spent" desc, "subject" limit ${limit}
    ) counter`.execute(ctx.db)
  return rows
}
