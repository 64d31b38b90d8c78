import { type AuditSettings, auditRetentionDays } from '@parley/contract'
import { audit } from '../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import * as store from './store.ts'
import { presentWebhook } from './streams/webhook-settings.ts'

/** What holds for the actor's workspace. */
export async function readSettings(ctx: Ctx): Promise<AuditSettings> {
  const settings = await store.findSettings(ctx.db, ctx.actor.workspaceId)
  return { retentionDays: settings?.retentionDays ?? auditRetentionDays.usual, webhook: await presentWebhook(ctx) }
}

/** Changes how long entries are kept. Older ones are removed within the hour, and with them what they prove. */
export async function changeSettings(ctx: Ctx, change: { retentionDays: number }): Promise<AuditSettings> {
  return inTransaction(ctx, async (tx) => {
    const before = await readSettings(tx)
    await store.saveSettings(tx.db, tx.actor.workspaceId, change.retentionDays, tx.clock.now())
    const subject = { kind: 'audit-log' }
    await audit(tx, { action: 'audit.settings-changed', subject, before, after: { ...before, ...change } })
    return readSettings(tx)
  })
}
