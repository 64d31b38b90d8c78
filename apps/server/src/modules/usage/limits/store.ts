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

/** The id of the plan a workspace was given, if it was given one. */
export async function findWorkspacePlan(db: Db, workspaceId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('workspacePlans')
    .select('planId')
    .where('workspaceId', '=', workspaceId)
    .executeTakeFirst()
  return row?.planId
}

export function listWorkspacePlans(db: Db): Promise<Selectable<Database['workspacePlans']>[]> {
  return db.selectFrom('workspacePlans').selectAll().execute()
}

export async function saveWorkspacePlan(db: Db, workspaceId: string, planId: string, since: Date): Promise<void> {
  await db
    .insertInto('workspacePlans')
    .values({ workspaceId, planId, since })
    .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet({ planId, since }))
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
