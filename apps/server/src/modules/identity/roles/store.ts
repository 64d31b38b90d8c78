import type { Role, Scope } from '@parley/contract'
import { type Selectable, sql } from 'kysely'
import { newId } from '../../../platform/crypto/index.ts'
import type { Database, Db } from '../../../platform/database/index.ts'
import '../groups/tables.ts'
import '../tables.ts'
import './tables.ts'

export type RoleRow = Selectable<Database['roles']>

/** Custom roles of a workspace, by name. */
export function listRoles(db: Db, workspaceId: string): Promise<RoleRow[]> {
  return db.selectFrom('roles').selectAll().where('workspaceId', '=', workspaceId).orderBy(sql`lower("name")`).execute()
}

/** A custom role, locked until the transaction ends where `lock` is set. */
export function findRoleById(db: Db, workspaceId: string, id: string, { lock = false } = {}) {
  const query = db.selectFrom('roles').selectAll().where('workspaceId', '=', workspaceId).where('id', '=', id)
  return (lock ? query.forUpdate() : query).executeTakeFirst()
}

/** How many people have which role, by the id of the custom role or the name of the built-in one. */
export async function countByRole(db: Db, workspaceId: string): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('memberships')
    .select((row) => [sql<string>`coalesce("roleId"::text, "role")`.as('held'), row.fn.countAll<string>().as('count')])
    .where('workspaceId', '=', workspaceId)
    .groupBy('held')
    .execute()
  return new Map(rows.map(({ held, count }) => [held, Number(count)]))
}

interface RoleContent {
  name: string
  description: string
  scopes: Scope[]
}

export function insertRole(db: Db, workspaceId: string, role: RoleContent, now: Date): Promise<RoleRow> {
  return db
    .insertInto('roles')
    .values({
      ...role,
      id: newId(),
      workspaceId,
      scopes: JSON.stringify(role.scopes),
      createdAt: now,
      updatedAt: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export function updateRole(
  db: Db,
  id: string,
  { scopes, ...change }: Partial<RoleContent>,
  now: Date,
): Promise<RoleRow> {
  return db
    .updateTable('roles')
    .set({ ...change, ...(scopes && { scopes: JSON.stringify(scopes) }), updatedAt: now })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function deleteRole(db: Db, id: string): Promise<void> {
  await db.deleteFrom('roles').where('id', '=', id).execute()
}

/** What a membership holds: a built-in role, or a custom one with `viewer` beside it. */
export interface MembershipRole {
  role: Role
  roleId: string | null
}

/** Gives everyone who has a custom role another one, by themselves or by a group. */
export async function replaceRole(db: Db, workspaceId: string, id: string, next: MembershipRole): Promise<void> {
  await db
    .updateTable('groups')
    .set({ givenRole: next.role, givenRoleId: next.roleId })
    .where('workspaceId', '=', workspaceId)
    .where('givenRoleId', '=', id)
    .execute()
  await db
    .updateTable('memberships')
    .set({ ownRole: next.role, ownRoleId: next.roleId })
    .where('workspaceId', '=', workspaceId)
    .where('ownRoleId', '=', id)
    .execute()
  await db
    .updateTable('memberships')
    .set(next)
    .where('workspaceId', '=', workspaceId)
    .where('roleId', '=', id)
    .execute()
}

/** How many groups give a custom role, or people have it besides the one that a group gives them. */
export async function countHeldBesides(db: Db, id: string): Promise<{ groups: number; people: number }> {
  const { rows } = await sql<{ groups: number; people: number }>`
    select
      (select count(*)::int from "groups" where "givenRoleId" = ${id}) as "groups",
      (select count(*)::int from "memberships" where "ownRoleId" = ${id}) as "people"`.execute(db)
  return rows[0]!
}

/** The membership with what it may do, locked; undefined for who is not in the workspace. */
export async function lockMembership(db: Db, workspaceId: string, userId: string) {
  return db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.userId')
    .leftJoin('roles', 'roles.id', 'memberships.roleId')
    .select(['memberships.role', 'memberships.roleId', 'roles.scopes as roleScopes', 'users.kind'])
    .select('memberships.ownRole')
    .where('memberships.workspaceId', '=', workspaceId)
    .where('memberships.userId', '=', userId)
    .forUpdate('memberships')
    .executeTakeFirst()
}

/** Gives a role, in place of one by hand or by a group. */
export async function setMembershipRole(
  db: Db,
  workspaceId: string,
  userId: string,
  next: MembershipRole,
): Promise<void> {
  await db
    .updateTable('memberships')
    .set({ ...next, ownRole: null, ownRoleId: null })
    .where('workspaceId', '=', workspaceId)
    .where('userId', '=', userId)
    .execute()
}

/** Owners of a workspace, locked until the transaction ends: of two changes at once, one sees what the other did. */
export async function lockOwnerIds(db: Db, workspaceId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('memberships')
    .select('userId')
    .where('workspaceId', '=', workspaceId)
    .where('role', '=', 'owner')
    .orderBy('userId')
    .forUpdate()
    .execute()
  return rows.map((row) => row.userId)
}
