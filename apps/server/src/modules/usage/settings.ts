import type { BodyOf, UsageSettings, usageEndpoints } from '@parley/contract'
import { sql } from 'kysely'
import { audit } from '../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { isTimeZone } from './budgets/windows.ts'
import { partDaysAnew } from './ledger/roll-up.ts'
import { findSettings, rulesChanged } from './rules.ts'

/** What the actor's workspace has set, and what holds where it says nothing. */
export async function readSettings(ctx: Ctx): Promise<UsageSettings> {
  const row = await findSettings(ctx, ctx.actor.workspaceId)
  const { usage, chat, models } = ctx.config
  return {
    timeZone: row?.timeZone ?? usage.timeZone,
    runFuse: {
      maxSteps: row?.maxSteps ?? null,
      maxToolCalls: row?.maxToolCalls ?? null,
      maxCostMicroUsd: row?.maxCostMicroUsd ?? null,
      maxSeconds: row?.maxSeconds ?? null,
    },
    defaults: {
      timeZone: usage.timeZone,
      maxSteps: chat.maxSteps,
      maxToolCalls: usage.maxToolCalls,
      maxCostMicroUsd: usage.maxCostMicroUsd,
      maxSeconds: Math.round(models.runMs / 1000),
    },
  }
}

/** Another time zone parts all days of the ledger anew. @throws AppError invalid_request for one that does not exist */
export async function changeSettings(
  ctx: Ctx,
  { timeZone, runFuse = {} }: BodyOf<typeof usageEndpoints.updateUsageSettings>,
): Promise<UsageSettings> {
  if (timeZone) await requireTimeZone(ctx, timeZone)
  const { workspaceId } = ctx.actor
  const change = { ...(timeZone === undefined ? {} : { timeZone }), ...runFuse }
  await inTransaction(ctx, async (tx) => {
    const before = await findSettings(tx, workspaceId)
    const subject = { kind: 'workspace', id: workspaceId }
    await audit(tx, {
      action: 'usage-settings.changed',
      subject,
      before: before ?? {},
      after: { ...before, ...change },
    })
    const updatedAt = tx.clock.now()
    await tx.db
      .insertInto('usageSettings')
      .values({
        workspaceId,
        timeZone: null,
        maxSteps: null,
        maxToolCalls: null,
        maxCostMicroUsd: null,
        maxSeconds: null,
        ...change,
        updatedAt,
      })
      .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet({ ...change, updatedAt }))
      .execute()
    if (timeZone !== undefined) await partDaysAnew(tx, workspaceId, timeZone ?? tx.config.usage.timeZone)
    rulesChanged(tx, workspaceId)
  })
  ctx.bus.publish(`changes:workspace:${workspaceId}`, { type: 'budgets-changed' })
  return readSettings(ctx)
}

/** Known here and to the database, which parts the days. */
async function requireTimeZone(ctx: Ctx, timeZone: string): Promise<void> {
  const { rows } = await sql`select 1 from pg_timezone_names where lower("name") = lower(${timeZone})`.execute(ctx.db)
  if (isTimeZone(timeZone) && rows.length > 0) return
  const message = 'There is no such time zone. Name one as Europe/Berlin.'
  throw new AppError('invalid_request', message, { fields: [{ pointer: '/timeZone', message }] })
}
