import type { PrivacyMode, PrivateKind } from '@parley/contract'
import { sql } from 'kysely'
import { audit } from '../../platform/audit/index.ts'
import { rememberPerWorkspace } from '../../platform/cache/index.ts'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { emit } from '../../platform/outbox/index.ts'
import type {} from './tables.ts'

const shownDays = 30

/** What happens to what is private, before a model's provider gets it. */
export const privacyMode = rememberPerWorkspace('privacy-mode', async (ctx): Promise<PrivacyMode> => {
  const row = await ctx.db
    .selectFrom('privacySettings')
    .select('mode')
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .executeTakeFirst()
  return row?.mode ?? 'off'
})

export async function saveMode(ctx: Ctx, mode: PrivacyMode): Promise<void> {
  const { workspaceId, userId } = ctx.actor
  const change = { mode, changedBy: userId, changedAt: ctx.clock.now() }
  await inTransaction(ctx, async (tx) => {
    const before = { mode: await privacyMode.read(tx) }
    await tx.db
      .insertInto('privacySettings')
      .values({ workspaceId, ...change })
      .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet(change))
      .execute()
    const subject = { kind: 'workspace', id: workspaceId }
    await audit(tx, { action: 'privacy.changed', subject, before, after: { mode } })
    await emit(tx, { type: 'privacy-mode-changed', workspaceId, subjectId: workspaceId, data: { mode, userId } })
    privacyMode.changed(tx, workspaceId)
  })
}

/** Adds to what was found today. */
export async function countFindings(ctx: Ctx, counts: ReadonlyMap<PrivateKind, number>): Promise<void> {
  if (counts.size === 0) return
  const { workspaceId } = ctx.actor
  const day = dayOf(ctx.clock.now())
  await ctx.db
    .insertInto('privacyCounts')
    .values([...counts].map(([kind, count]) => ({ workspaceId, day, kind, count })))
    .onConflict((conflict) =>
      conflict
        .columns(['workspaceId', 'day', 'kind'])
        .doUpdateSet({ count: sql`"privacyCounts"."count" + excluded."count"` }),
    )
    .execute()
}

/** What was found in the last 30 days, most first. */
export async function readCounts(ctx: Ctx): Promise<{ kind: PrivateKind; count: number }[]> {
  const since = dayOf(new Date(ctx.clock.now().getTime() - shownDays * 86_400_000))
  const rows = await ctx.db
    .selectFrom('privacyCounts')
    .select(({ fn }) => ['kind', fn.sum<string>('count').as('count')])
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where('day', '>=', since)
    .groupBy('kind')
    .execute()
  return rows.map(({ kind, count }) => ({ kind, count: Number(count) })).sort((a, b) => b.count - a.count)
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10)
}
