import type { Role } from '@parley/contract'
import { sql } from 'kysely'
import type { Db } from '../../../platform/database/index.ts'
import type { MembershipRole } from '../roles/store.ts'
import '../tables.ts'
import './tables.ts'

interface RoledMember extends MembershipRole {
  userId: string
  ownRole: Role | null
  ownRoleId: string | null
  /** Ids or built-in names of the roles that their groups give. */
  given: string[]
}

/** Those of the people who are in the workspace and no owners, locked, with what their groups give. */
export async function lockRoledMembers(db: Db, workspaceId: string, userIds: string[]): Promise<RoledMember[]> {
  if (userIds.length === 0) return []
  const { rows } = await sql<RoledMember>`
    select m."userId", m."role", m."roleId", m."ownRole", m."ownRoleId", coalesce((
      select jsonb_agg(coalesce(g."givenRoleId"::text, g."givenRole"))
      from "groupMembers" gm join "groups" g on g."id" = gm."groupId" and g."givenRole" is not null
      where gm."workspaceId" = m."workspaceId" and gm."userId" = m."userId"
    ), '[]'::jsonb) as "given"
    from "memberships" m join "users" u on u."id" = m."userId" and u."kind" = 'person'
    where m."workspaceId" = ${workspaceId} and m."userId" = any(${userIds}::uuid[]) and m."role" <> 'owner'
    order by m."userId" for update of m`.execute(db)
  return rows
}

/** Has a person have `next`, and `own` once no group gives them a role; null where none does. */
export async function saveRoles(
  db: Db,
  { workspaceId, userId }: { workspaceId: string; userId: string },
  next: MembershipRole,
  own: MembershipRole | null,
): Promise<void> {
  await db
    .updateTable('memberships')
    .set({ ...next, ownRole: own?.role ?? null, ownRoleId: own?.roleId ?? null })
    .where('workspaceId', '=', workspaceId)
    .where('userId', '=', userId)
    .execute()
}

export async function setGivenRole(db: Db, groupId: string, role: MembershipRole | null, now: Date): Promise<void> {
  await db
    .updateTable('groups')
    .set({ givenRole: role?.role ?? null, givenRoleId: role?.roleId ?? null, updatedAt: now })
    .where('id', '=', groupId)
    .execute()
}

/** Ids of everyone in a group. */
export async function listMemberIdsOf(db: Db, groupId: string): Promise<string[]> {
  const rows = await db.selectFrom('groupMembers').select('userId').where('groupId', '=', groupId).execute()
  return rows.map(({ userId }) => userId)
}

/** Ids of everyone in the workspace whom a group gives their role. */
export async function listRoledByGroups(db: Db, workspaceId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('memberships')
    .select('userId')
    .where('workspaceId', '=', workspaceId)
    .where('ownRole', 'is not', null)
    .execute()
  return rows.map(({ userId }) => userId)
}
