import { audit } from '../../platform/audit/index.ts'
import { rememberPerWorkspace } from '../../platform/cache/index.ts'
import { type Actor, type Ctx, inTransaction, type Platform } from '../../platform/context.ts'
import { emit } from '../../platform/outbox/index.ts'
import type {} from './tables.ts'

/** The hosts of each workspace, as they were entered; none: any public one. */
export const outboundHosts = rememberPerWorkspace(
  'outbound-hosts',
  async (ctx: Platform & { actor: Pick<Actor, 'workspaceId'> }) => {
    const { workspaceId } = ctx.actor
    const row = await ctx.db
      .selectFrom('outbound')
      .select('hosts')
      .where('workspaceId', '=', workspaceId)
      .executeTakeFirst()
    return row?.hosts ?? []
  },
)

export async function saveHosts(ctx: Ctx, hosts: string[]): Promise<void> {
  const { workspaceId, userId } = ctx.actor
  const change = { hosts: JSON.stringify(hosts), changedBy: userId, changedAt: ctx.clock.now() }
  await inTransaction(ctx, async (tx) => {
    const before = { hosts: await outboundHosts.read(tx) }
    await tx.db
      .insertInto('outbound')
      .values({ workspaceId, ...change })
      .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet(change))
      .execute()
    const subject = { kind: 'workspace', id: workspaceId }
    await audit(tx, { action: 'outbound.changed', subject, before, after: { hosts } })
    await emit(tx, { type: 'outbound-hosts-changed', workspaceId, subjectId: workspaceId, data: { hosts, userId } })
    outboundHosts.changed(tx, workspaceId)
  })
}
