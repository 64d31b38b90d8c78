import { isDeepStrictEqual } from 'node:util'
import { sql } from 'kysely'
import { audit, installationChain } from '../../../platform/audit/index.ts'
import { type Platform, whenCommitted } from '../../../platform/context.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announceLimits, standingOf } from './limit-settings.ts'
import { findWorkspacePlan, insertPlanChange, type PlanClaims, saveWorkspacePlan } from './store.ts'

/** Any number, the same in every release. */
const claimLockKey = 727_565_462

/**
 * Changes which plans a workspace has a claim to, in the transaction of `tx`. Where another plan counts from now on, or
 * for another reason, that is noted for the fee, stored as the event `plan-changed` and told to open windows.
 */
export async function claimPlan(tx: Platform, workspaceId: string, change: Partial<PlanClaims>): Promise<void> {
  // Two changes at once would each note what was before the other.
  await sql`select pg_advisory_xact_lock(${sql.lit(claimLockKey)}, hashtext(${workspaceId}))`.execute(tx.db)
  const claims = await findWorkspacePlan(tx.db, workspaceId)
  if (isDeepStrictEqual({ ...claims, ...change }, claims)) return
  const before = await standingOf(tx, workspaceId)
  const at = tx.clock.now()
  await saveWorkspacePlan(tx.db, workspaceId, change, at)
  const after = await standingOf(tx, workspaceId)
  whenCommitted(tx, () => {
    announceLimits(tx, workspaceId)
    tx.bus.publish(`changes:workspace:${workspaceId}`, { type: 'billing-changed' })
  })
  if (before.plan.id === after.plan.id && before.source === after.source) return
  const [planId, source, fromPlanId, fromSource] = [after.plan.id, after.source, before.plan.id, before.source]
  await insertPlanChange(tx.db, { workspaceId, fromPlanId, fromSource, planId, source, at })
  await audit(tx, {
    action: 'workspace-plan.changed',
    subject: { kind: 'workspace', id: workspaceId },
    before: { planId: fromPlanId, source: fromSource },
    after: { planId, source },
    workspaces: [installationChain, workspaceId],
  })
  const data = { planId, source, fromPlanId, fromSource }
  await emit(tx, { type: 'plan-changed', workspaceId, subjectId: workspaceId, data })
}
