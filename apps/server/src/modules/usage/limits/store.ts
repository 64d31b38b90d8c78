import type { Selectable, Updateable } from 'kysely'
import { newId } from '../../../platform/crypto/index.ts'
import type { Db } from '../../../platform/database/index.ts'
import './tables.ts'
import type { Database } from '../../../platform/database/index.ts'

export type PlanRow = Selectable<Database['plans']>
export type OverrideRow = Selectable<Database['limitOverrides']>

/** All plans, the smallest first. */
export function listPlans(db: Db): Promise<PlanRow[]> {
  return db.selectFrom('plans').selectAll().orderBy('position').orderBy('id').execute()
}

/** Undefined where there is no such plan. */
export function updatePlan(db: Db, id: string, change: Updateable<Database['plans']>): Promise<PlanRow | undefined> {
  return db.updateTable('plans').set(change).where('id', '=', id).returningAll().executeTakeFirst()
}

/** The plans that a workspace has a claim to. */
export type PlanClaims = Pick<Selectable<Database['workspacePlans']>, 'planId' | 'subscribedPlanId'>

export async function findWorkspacePlan(db: Db, workspaceId: string): Promise<PlanClaims> {
  const row = await db
    .selectFrom('workspacePlans')
    .select(['planId', 'subscribedPlanId'])
    .where('workspaceId', '=', workspaceId)
    .executeTakeFirst()
  return row ?? { planId: null, subscribedPlanId: null }
}

export function listWorkspacePlans(db: Db): Promise<Selectable<Database['workspacePlans']>[]> {
  return db.selectFrom('workspacePlans').selectAll().execute()
}

export async function saveWorkspacePlan(
  db: Db,
  workspaceId: string,
  change: Partial<PlanClaims>,
  since: Date,
): Promise<void> {
  await db
    .insertInto('workspacePlans')
    .values({ workspaceId, planId: null, subscribedPlanId: null, ...change, since })
    .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet({ ...change, since }))
    .execute()
}

export async function insertPlanChange(db: Db, row: Omit<Selectable<Database['planChanges']>, 'id'>): Promise<void> {
  await db
    .insertInto('planChanges')
    .values({ id: newId(), ...row })
    .execute()
}

/** The changes of a workspace's plan, oldest first. */
export function listPlanChanges(db: Db, workspaceId: string): Promise<Selectable<Database['planChanges']>[]> {
  return db
    .selectFrom('planChanges')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .orderBy('at')
    .orderBy('id')
    .execute()
}

/** Every override of a workspace, oldest first. */
export function listOverrides(db: Db, workspaceId: string): Promise<OverrideRow[]> {
  return db.selectFrom('limitOverrides').selectAll().where('workspaceId', '=', workspaceId).orderBy('id').execute()
}

/** Sets the figures for a subject, whether it had some before or not. */
export function saveOverride(db: Db, row: Omit<OverrideRow, 'id' | 'createdAt'>): Promise<OverrideRow> {
  const { requestsPerHour, requestBurst, tokensPerDay, abovePlan, updatedAt } = row
  return db
    .insertInto('limitOverrides')
    .values({ id: newId(), ...row, createdAt: updatedAt })
    .onConflict((conflict) =>
      conflict
        .columns(['workspaceId', 'subjectKind', 'subjectId', 'counted'])
        .doUpdateSet({ requestsPerHour, requestBurst, tokensPerDay, abovePlan, updatedAt }),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Whether there was such an override in the workspace. */
export async function deleteOverride(db: Db, workspaceId: string, id: string): Promise<boolean> {
  const result = await db
    .deleteFrom('limitOverrides')
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}
