import type { UsagePurpose } from '@parley/contract'
import { type RawBuilder, sql } from 'kysely'
import type { Ctx } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { addDays, dateAt, startOfDay } from '../budgets/windows.ts'

/** Which entries are meant; days are the workspace's. */
export interface Filters {
  from?: string | undefined
  to?: string | undefined
  userId?: string | undefined
  apiKeyId?: string | undefined
  model?: string | undefined
  purpose?: UsagePurpose | undefined
}

/** First and last day, both included. */
export interface Days {
  from: string
  to: string
}

const usualDays = 30
const mostDays = 366

/** The days asked for, by default the last thirty. @throws AppError invalid_request */
export function daysOf(ctx: Ctx, timeZone: string, { from, to }: Filters): Days {
  const last = to ?? dateAt(ctx.clock.now(), timeZone)
  const first = from ?? addDays(last, 1 - usualDays)
  if (first > last) throw wrongDays('The first day comes after the last.')
  if (addDays(first, mostDays) <= last) throw wrongDays(`At most ${mostDays} days at once.`)
  return { from: first, to: last }
}

function wrongDays(message: string): AppError {
  return new AppError('invalid_request', message, { fields: [{ pointer: '/from', message }] })
}

/** Conditions on `usageEntries`, days as instants. */
export function entriesWhere(ctx: Ctx, timeZone: string, { from, to, ...rest }: Filters): RawBuilder<boolean> {
  const conditions = [...whoAndWhat(ctx, rest)]
  if (from !== undefined) conditions.push(sql`"createdAt" >= ${startOfDay(from, timeZone)}::timestamptz`)
  if (to !== undefined) conditions.push(sql`"createdAt" < ${startOfDay(addDays(to, 1), timeZone)}::timestamptz`)
  return sql<boolean>`${sql.join(conditions, sql` and `)}`
}

/** Conditions that `usageEntries` and `usageDays` share. */
export function whoAndWhat(ctx: Ctx, { userId, apiKeyId, model, purpose }: Filters): RawBuilder<unknown>[] {
  const conditions: RawBuilder<unknown>[] = [sql`"workspaceId" = ${ctx.actor.workspaceId}`]
  if (userId !== undefined) conditions.push(sql`"userId" = ${userId}::uuid`)
  if (apiKeyId !== undefined) conditions.push(sql`"apiKeyId" = ${apiKeyId}::uuid`)
  if (model !== undefined) conditions.push(sql`"model" = ${model}`)
  if (purpose !== undefined) conditions.push(sql`"purpose" = ${purpose}`)
  return conditions
}
