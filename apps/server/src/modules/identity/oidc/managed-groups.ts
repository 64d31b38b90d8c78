import { sql } from 'kysely'
import type { Db } from '../../../platform/database/index.ts'
import '../groups/tables.ts'
import '../tables.ts'

/**
 * Has a member be in these groups by the word of the provider, and in no other by it. Groups that are not there are left
 * out, and those that give a role: who is in them, only the directory says. Answers the ids of the groups that they came into and out of.
 */
export async function keepManagedGroups(
  db: Db,
  { workspaceId, userId, providerId }: { workspaceId: string; userId: string; providerId: string },
  groupIds: string[],
  now: Date,
): Promise<{ added: string[]; removed: string[] }> {
  const removed = await sql<{ groupId: string }>`
    delete from "groupMembers"
    where "workspaceId" = ${workspaceId} and "userId" = ${userId} and "managedBy" = ${providerId}
      and not ("groupId" = any(${groupIds}::uuid[]))
    returning "groupId"`.execute(db)
  const added = await sql<{ groupId: string }>`
    insert into "groupMembers" ("groupId", "workspaceId", "userId", "createdAt", "managedBy")
    select "id", "workspaceId", ${userId}::uuid, ${now}::timestamptz, ${providerId}::text from "groups"
    where "workspaceId" = ${workspaceId} and "id" = any(${groupIds}::uuid[]) and "givenRole" is null
    on conflict do nothing
    returning "groupId"`.execute(db)
  const ids = ({ rows }: typeof added) => rows.map(({ groupId }) => groupId)
  return { added: ids(added), removed: ids(removed) }
}

/** What a provider gave stays with people when it goes, as if somebody had given it. */
export async function releaseManaged(db: Db, workspaceId: string, providerId: string): Promise<void> {
  for (const table of ['memberships', 'groupMembers'] as const) {
    await db
      .updateTable(table)
      .set({ managedBy: null })
      .where('workspaceId', '=', workspaceId)
      .where('managedBy', '=', providerId)
      .execute()
  }
}
