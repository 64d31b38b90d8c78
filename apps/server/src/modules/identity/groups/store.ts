import { type Selectable, type SelectQueryBuilder, sql } from 'kysely'
import type { Ctx } from '../../../platform/context.ts'
import { newId } from '../../../platform/crypto/index.ts'
import type { Database, Db } from '../../../platform/database/index.ts'
import '../tables.ts'
import './tables.ts'

export type GroupRow = Selectable<Database['groups']> & { memberCount: number; givenRoleName: string | null }

const memberCount = sql<number>`(select count(*) from "groupMembers" m where m."groupId" = "groups"."id")::int`.as(
  'memberCount',
)

const givenRoleName = sql<string | null>`(select r."name" from "roles" r where r."id" = "groups"."givenRoleId")`.as(
  'givenRoleName',
)

interface ListPage {
  limit: number
  search?: string | undefined
  givesRole?: 'yes' | 'no' | undefined
  /** Ends of the page before: by name, then id. */
  after?: [string, string] | undefined
}

export function listGroups(
  db: Db,
  workspaceId: string,
  { limit, search, givesRole, after }: ListPage,
): Promise<GroupRow[]> {
  let query = db
    .selectFrom('groups')
    .selectAll()
    .select([memberCount, givenRoleName])
    .where('workspaceId', '=', workspaceId)
    .orderBy(sql`lower("name")`)
    .orderBy('id')
    .limit(limit)
  if (search) query = query.where('name', 'ilike', containing(search))
  if (givesRole !== undefined) query = query.where('givenRole', givesRole === 'yes' ? 'is not' : 'is', null)
  if (after) query = query.where(sql<boolean>`(lower("name"), "id") > (lower(${after[0]}), ${after[1]}::uuid)`)
  return query.execute()
}

export function findGroup(
  db: Db,
  workspaceId: string,
  id: string,
  { lock = false } = {},
): Promise<GroupRow | undefined> {
  const query = db
    .selectFrom('groups')
    .selectAll()
    .select([memberCount, givenRoleName])
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
  return (lock ? query.forUpdate() : query).executeTakeFirst()
}

/** Undefined when the name is taken. */
export function insertGroup(
  db: Db,
  group: Pick<GroupRow, 'workspaceId' | 'name' | 'description' | 'externalId'>,
  now: Date,
): Promise<GroupRow | undefined> {
  return db
    .insertInto('groups')
    .values({ ...group, id: newId(), createdAt: now, updatedAt: now })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .returning([memberCount, givenRoleName])
    .executeTakeFirst()
}

export async function updateGroup(
  db: Db,
  id: string,
  change: Partial<Pick<GroupRow, 'name' | 'description'>>,
  now: Date,
): Promise<void> {
  await db
    .updateTable('groups')
    .set({ ...change, updatedAt: now })
    .where('id', '=', id)
    .execute()
}

export async function hasGroupNamed(db: Db, workspaceId: string, name: string, exceptId: string): Promise<boolean> {
  const row = await db
    .selectFrom('groups')
    .select('id')
    .where('workspaceId', '=', workspaceId)
    .where(sql<boolean>`lower("name") = lower(${name})`)
    .where('id', '!=', exceptId)
    .executeTakeFirst()
  return row !== undefined
}

export async function deleteGroup(db: Db, id: string): Promise<void> {
  await db.deleteFrom('groups').where('id', '=', id).execute()
}

export function listGroupMembers(db: Db, groupId: string, { limit, after }: Omit<ListPage, 'search' | 'givesRole'>) {
  let query = db
    .selectFrom('groupMembers')
    .innerJoin('users', 'users.id', 'groupMembers.userId')
    .select(['users.id', 'users.name', 'users.email', 'groupMembers.createdAt'])
    .where('groupMembers.groupId', '=', groupId)
    .orderBy(sql`lower("users"."name")`)
    .orderBy('users.id')
    .limit(limit)
  if (after) {
    query = query.where(sql<boolean>`(lower("users"."name"), "users"."id") > (lower(${after[0]}), ${after[1]}::uuid)`)
  }
  return query.execute()
}

/** False when the person is not in the workspace. Where rules had put them in, they are in by hand from now on. */
export async function insertGroupMember(
  db: Db,
  member: { groupId: string; workspaceId: string; userId: string },
  now: Date,
): Promise<boolean> {
  const known = await db
    .selectFrom('memberships')
    .select('userId')
    .where('workspaceId', '=', member.workspaceId)
    .where('userId', '=', member.userId)
    .executeTakeFirst()
  if (known === undefined) return false
  await db
    .insertInto('groupMembers')
    .values({ ...member, createdAt: now })
    .onConflict((conflict) => conflict.columns(['groupId', 'userId']).doUpdateSet({ managedBy: null }))
    .execute()
  return true
}

/** Whether they were in it. */
export async function deleteGroupMember(db: Db, groupId: string, userId: string): Promise<boolean> {
  const row = await db
    .deleteFrom('groupMembers')
    .where('groupId', '=', groupId)
    .where('userId', '=', userId)
    .returning('userId')
    .executeTakeFirst()
  return row !== undefined
}

/** Ids of the groups the actor is in, as a subquery for other modules' statements. */
export function groupIdsOf(ctx: Ctx): SelectQueryBuilder<Database, 'groupMembers', { groupId: string }> {
  return ctx.db
    .selectFrom('groupMembers')
    .select('groupId')
    .where('groupMembers.workspaceId', '=', ctx.actor.workspaceId)
    .where('groupMembers.userId', '=', ctx.actor.userId)
}

/** Those of the ids that are groups of the workspace. */
export async function listGroupIds(db: Db, workspaceId: string, ids: string[]): Promise<string[]> {
  const query = db.selectFrom('groups').select('id').where('workspaceId', '=', workspaceId).where('id', 'in', ids)
  return (await query.execute()).map(({ id }) => id)
}

/** Who is in which of these groups of a workspace. */
export function listMembersOf(
  db: Db,
  workspaceId: string,
  groupIds: string[],
): Promise<{ groupId: string; userId: string }[]> {
  return db
    .selectFrom('groupMembers')
    .select(['groupId', 'userId'])
    .where('workspaceId', '=', workspaceId)
    .where('groupId', 'in', groupIds)
    .execute()
}

/** For `ilike`: the text anywhere, with none of its characters special. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
