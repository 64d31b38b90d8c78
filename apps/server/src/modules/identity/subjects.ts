import type { ShareableWith } from '@parley/contract'
import { sql } from 'kysely'
import type { Ctx } from '../../platform/context.ts'
import { containing } from './groups/store.ts'
import './groups/tables.ts'
import './tables.ts'

/** People and groups of the actor's workspace whose name or address holds the text, groups first, by name. */
export async function findSubjects(
  ctx: Ctx,
  { search = '', limit }: { search?: string | undefined; limit: number },
): Promise<ShareableWith[]> {
  const pattern = containing(search)
  const groups = await groupsOf(ctx)
    .where('groups.name', 'ilike', pattern)
    .orderBy(sql`lower("groups"."name")`)
    .limit(limit)
    .execute()
  const people = await peopleOf(ctx)
    .where((row) => row.or([row('users.name', 'ilike', pattern), row('users.email', 'ilike', pattern)]))
    .orderBy(sql`lower("users"."name")`)
    .orderBy('users.id')
    .limit(limit)
    .execute()
  return [...groups.map(presentGroup), ...people.map(presentPerson)].slice(0, limit)
}

/** Names and addresses of people and groups of the actor's workspace, by id; who left is not among them. */
export async function describeSubjects(
  ctx: Ctx,
  { userIds, groupIds }: { userIds: string[]; groupIds: string[] },
): Promise<Map<string, ShareableWith>> {
  const people = userIds.length > 0 ? await peopleOf(ctx).where('users.id', 'in', userIds).execute() : []
  const groups = groupIds.length > 0 ? await groupsOf(ctx).where('groups.id', 'in', groupIds).execute() : []
  return new Map([...people.map(presentPerson), ...groups.map(presentGroup)].map((subject) => [subject.id, subject]))
}

/** Names of people by id, wherever they are now. */
export async function findNames(ctx: Ctx, userIds: string[]): Promise<Map<string, string>> {
  if (userIds.length === 0) return new Map()
  const rows = await ctx.db.selectFrom('users').select(['id', 'name']).where('id', 'in', userIds).execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}

/** A person's name as a column of another module's statement; `userId` is the reference to their id. */
export function nameOf(userId: string) {
  return sql<string>`(select "users"."name" from "users" where "users"."id" = ${sql.ref(userId)})`
}

/** Ids of everyone in these groups. */
export async function listIdsInGroups(ctx: Ctx, groupIds: string[]): Promise<string[]> {
  if (groupIds.length === 0) return []
  const rows = await ctx.db
    .selectFrom('groupMembers')
    .select('userId')
    .distinct()
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where('groupId', 'in', groupIds)
    .execute()
  return rows.map(({ userId }) => userId)
}

function peopleOf(ctx: Ctx) {
  return ctx.db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.userId')
    .select(['users.id', 'users.name', 'users.email'])
    .where('memberships.workspaceId', '=', ctx.actor.workspaceId)
}

function groupsOf(ctx: Ctx) {
  return ctx.db
    .selectFrom('groups')
    .select([
      'groups.id',
      'groups.name',
      sql<number>`(select count(*) from "groupMembers" m where m."groupId" = "groups"."id")::int`.as('memberCount'),
    ])
    .where('groups.workspaceId', '=', ctx.actor.workspaceId)
}

function presentPerson(row: { id: string; name: string; email: string }): ShareableWith {
  return { ...row, kind: 'user', memberCount: null }
}

function presentGroup(row: { id: string; name: string; memberCount: number }): ShareableWith {
  return { ...row, kind: 'group', email: null }
}
