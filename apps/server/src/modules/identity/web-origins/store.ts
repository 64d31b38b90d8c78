import type { Db } from '../../../platform/database/index.ts'
import '../tables.ts'
import './tables.ts'

export type WebOriginRow = Awaited<ReturnType<typeof listWebOrigins>>[number]

/** By name. */
export function listWebOrigins(db: Db, workspaceId: string) {
  return db
    .selectFrom('webOrigins')
    .leftJoin('users', 'users.id', 'webOrigins.createdBy')
    .select(['webOrigins.id', 'webOrigins.origin', 'webOrigins.createdAt', 'users.name as createdBy'])
    .where('webOrigins.workspaceId', '=', workspaceId)
    .orderBy('webOrigins.origin')
    .execute()
}

/** False when the workspace has it already. */
export async function insertWebOrigin(
  db: Db,
  row: { id: string; workspaceId: string; origin: string; createdBy: string; createdAt: Date },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('webOrigins')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** The origin that was removed, if there was one. */
export async function deleteWebOrigin(db: Db, workspaceId: string, id: string): Promise<string | undefined> {
  const row = await db
    .deleteFrom('webOrigins')
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .returning('origin')
    .executeTakeFirst()
  return row?.origin
}

/** Whether the workspace lists the origin; without one, whether any does. */
export async function hasWebOrigin(db: Db, origin: string, workspaceId: string | undefined): Promise<boolean> {
  const query = db.selectFrom('webOrigins').select('id').where('origin', '=', origin).limit(1)
  const row = await (workspaceId ? query.where('workspaceId', '=', workspaceId) : query).executeTakeFirst()
  return row !== undefined
}

/** Has others that add to the same workspace wait. */
export async function lockWorkspace(db: Db, workspaceId: string): Promise<void> {
  await db.selectFrom('workspaces').select('id').where('id', '=', workspaceId).forUpdate().executeTakeFirst()
}
