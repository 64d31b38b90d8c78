import { sql } from 'kysely'
import type { Db } from '../../../platform/database/index.ts'
import '../roles/tables.ts'
import '../tables.ts'

/** People of a workspace by name, after `after`; `search` is a part of the name or the address. */
export function listMembers(
  db: Db,
  workspaceId: string,
  { limit, search, after }: { limit: number; search: string | undefined; after: [string, string] | undefined },
) {
  let query = selectMembers(db).where('memberships.workspaceId', '=', workspaceId)
  if (search !== undefined && search !== '') {
    const part = `%${search.replace(/[\\%_]/g, '\\$&')}%`
    query = query.where((row) => row.or([row('users.name', 'ilike', part), row('users.email', 'ilike', part)]))
  }
  if (after !== undefined) {
    query = query.where(sql<boolean>`(lower("users"."name"), "users"."id") > (${after[0]}, ${after[1]}::uuid)`)
  }
  return query.orderBy(sql`lower("users"."name")`).orderBy('users.id').limit(limit).execute()
}

export function findMemberRow(db: Db, workspaceId: string, userId: string) {
  return selectMembers(db)
    .where('memberships.workspaceId', '=', workspaceId)
    .where('users.id', '=', userId)
    .executeTakeFirst()
}

function selectMembers(db: Db) {
  return db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.userId')
    .leftJoin('roles', 'roles.id', 'memberships.roleId')
    .select(['users.id', 'users.name', 'users.email', 'memberships.createdAt as joinedAt'])
    .select(['memberships.role', 'memberships.roleId', 'roles.name as roleName', 'roles.scopes as roleScopes'])
    .select('memberships.ownRole')
    .select(sql<string>`lower("users"."name")`.as('sortedBy'))
    .select(
      sql<boolean>`(exists (select from "totpFactors" t where t."userId" = "users"."id" and t."secret" is not null)
        or exists (select from "passkeys" k where k."userId" = "users"."id"))`.as('secondFactor'),
    )
    .where('users.kind', '=', 'person')
}

/** Takes a person out of a workspace, with their sessions and keys there; `keptSessionId` goes on elsewhere. */
export async function deleteMember(
  db: Db,
  workspaceId: string,
  userId: string,
  { now, keptSessionId }: { now: Date; keptSessionId?: string | undefined },
): Promise<void> {
  await db.deleteFrom('memberships').where('workspaceId', '=', workspaceId).where('userId', '=', userId).execute()
  let sessions = db.deleteFrom('sessions').where('workspaceId', '=', workspaceId).where('userId', '=', userId)
  if (keptSessionId !== undefined) sessions = sessions.where('id', '!=', keptSessionId)
  await sessions.execute()
  await db
    .updateTable('apiKeys')
    .set({ revokedAt: now })
    .where('workspaceId', '=', workspaceId)
    .where('userId', '=', userId)
    .where('revokedAt', 'is', null)
    .execute()
}

/** A person's workspaces with their role in each, by name. */
export function listWorkspacesOf(db: Db, userId: string) {
  return db
    .selectFrom('memberships')
    .innerJoin('workspaces', 'workspaces.id', 'memberships.workspaceId')
    .leftJoin('roles', 'roles.id', 'memberships.roleId')
    .select(['workspaces.id', 'workspaces.name', 'memberships.lastUsedAt'])
    .select(['memberships.role', 'memberships.roleId', 'roles.name as roleName'])
    .where('memberships.userId', '=', userId)
    .orderBy(sql`lower("workspaces"."name")`)
    .orderBy('workspaces.id')
    .execute()
}

/** Moves a session to another of the person's workspaces, which is the one they sign in to from now on. */
export async function moveSession(
  db: Db,
  session: { id: string; userId: string },
  workspaceId: string,
  now: Date,
): Promise<void> {
  await db.updateTable('sessions').set({ workspaceId }).where('id', '=', session.id).execute()
  await db
    .updateTable('memberships')
    .set({ lastUsedAt: now })
    .where('workspaceId', '=', workspaceId)
    .where('userId', '=', session.userId)
    .execute()
}

export async function renameWorkspace(db: Db, workspaceId: string, name: string): Promise<void> {
  await db.updateTable('workspaces').set({ name }).where('id', '=', workspaceId).execute()
}
