import type { Role } from '@parley/contract'
import { sql } from 'kysely'
import type { Db } from '../../../platform/database/index.ts'
import '../groups/tables.ts'
import '../tables.ts'
import type { FilterSource } from './filter-sql.ts'
import { groupResource } from './schemas.ts'
import './tables.ts'
import type { ListQuery } from './user-store.ts'

export interface ScimGroupRow {
  id: string
  displayName: string
  externalId: string | null
  /** The role that it gives its people. */
  givenRole: Role | null
  givenRoleId: string | null
  createdAt: Date
  updatedAt: Date
}

export interface Member {
  groupId: string
  value: string
  display: string
}

/** Who is in a group, and who will be once they are let into the workspace; service accounts are no directory's business. */
const memberIds = sql`
  select gm."userId" from "groupMembers" gm
  join "users" gu on gu."id" = gm."userId" and gu."kind" = 'person'
  where gm."groupId" = p."id"
  union all
  select s."userId" from "scimUsers" s where s."workspaceId" = p."workspaceId" and jsonb_exists(s."heldGroups", p."id"::text)`

export const groupFilterSource: FilterSource = {
  schema: groupResource,
  columns: {
    id: sql`p."id"::text`,
    displayName: sql`p."name"`,
    externalId: sql`p."externalId"`,
    'meta.created': sql`p."createdAt"`,
    'meta.lastModified': sql`p."updatedAt"`,
  },
  attributes: undefined,
  related: {
    members: (condition) =>
      sql<boolean>`exists (select from (${memberIds}) as of(id) where ${condition(sql`of.id::text`)})`,
  },
}

/** How many there are, and a page of them. */
export async function listGroups(
  db: Db,
  workspaceId: string,
  { condition, orderBy, descending, offset, limit }: ListQuery,
): Promise<{ total: number; rows: ScimGroupRow[] }> {
  const from = sql`from "groups" p where p."workspaceId" = ${workspaceId} and ${condition ?? sql`true`}`
  const counted = await sql<{ total: number }>`select count(*)::int as "total" ${from}`.execute(db)
  const total = counted.rows[0]!.total
  if (limit === 0 || offset >= total) return { total, rows: [] }
  const order = orderBy && sql`${orderBy} ${descending ? sql`desc` : sql`asc`},`
  const { rows } = await sql<ScimGroupRow>`
    select p."id", p."name" as "displayName", p."externalId", p."givenRole", p."givenRoleId", p."createdAt", p."updatedAt"
    ${from}
    order by ${order ?? sql``} p."id" limit ${limit} offset ${offset}`.execute(db)
  return { total, rows }
}

export async function findGroup(
  db: Db,
  workspaceId: string,
  id: string,
  { lock = false } = {},
): Promise<ScimGroupRow | undefined> {
  const query = db
    .selectFrom('groups')
    .select(['id', 'name as displayName', 'externalId', 'givenRole', 'givenRoleId', 'createdAt', 'updatedAt'])
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
  return (lock ? query.forUpdate() : query).executeTakeFirst()
}

/** The members of some groups, in the order in which the people came to be. */
export async function listMembers(db: Db, workspaceId: string, groupIds: string[]): Promise<Member[]> {
  if (groupIds.length === 0) return []
  const { rows } = await sql<Member>`
    select p."id" as "groupId", u."id" as "value", coalesce(s."attributes" ->> 'displayName', u."name") as "display"
    from "groups" p
    cross join lateral (${memberIds}) as of(id)
    join "users" u on u."id" = of.id
    left join "scimUsers" s on s."workspaceId" = p."workspaceId" and s."userId" = u."id"
    where p."workspaceId" = ${workspaceId} and p."id" = any(${groupIds}::uuid[])
    order by u."id"`.execute(db)
  return rows
}

/** Whether another group of the workspace has the name or the externalId. */
export async function findTaken(
  db: Db,
  workspaceId: string,
  { displayName, externalId }: { displayName: string; externalId: string | null },
  exceptId: string | undefined,
): Promise<'displayName' | 'externalId' | undefined> {
  const row = await db
    .selectFrom('groups')
    .select(sql<boolean>`lower("name") = lower(${displayName}::text)`.as('sameName'))
    .where('workspaceId', '=', workspaceId)
    .where(sql<boolean>`(lower("name") = lower(${displayName}::text) or "externalId" = ${externalId}::text)`)
    .where(sql<boolean>`"id" is distinct from ${exceptId ?? null}::uuid`)
    .executeTakeFirst()
  return row && (row.sameName ? 'displayName' : 'externalId')
}

export async function updateGroup(
  db: Db,
  id: string,
  { displayName, externalId }: { displayName: string; externalId: string | null },
  now: Date,
): Promise<void> {
  await db.updateTable('groups').set({ name: displayName, externalId, updatedAt: now }).where('id', '=', id).execute()
}

/** Those of the ids that are people of the workspace. */
export async function findPeople(db: Db, workspaceId: string, userIds: string[]): Promise<Set<string>> {
  const { rows } = await sql<{ userId: string }>`
    select m."userId" from "memberships" m join "users" u on u."id" = m."userId" and u."kind" = 'person'
    where m."workspaceId" = ${workspaceId} and m."userId" = any(${userIds}::uuid[])
    union select "userId" from "scimUsers" where "workspaceId" = ${workspaceId} and "userId" = any(${userIds}::uuid[])`.execute(
    db,
  )
  return new Set(rows.map(({ userId }) => userId))
}

/** Puts people into a group: at once, or for when they are let into the workspace. */
export async function addMembers(
  db: Db,
  { workspaceId, id }: { workspaceId: string; id: string },
  userIds: string[],
  now: Date,
): Promise<void> {
  await sql`
    insert into "groupMembers" ("groupId", "workspaceId", "userId", "createdAt")
    select ${id}::uuid, "workspaceId", "userId", ${now}::timestamptz from "memberships"
    where "workspaceId" = ${workspaceId} and "userId" = any(${userIds}::uuid[])
    on conflict do nothing`.execute(db)
  await sql`
    update "scimUsers" s set "heldGroups" = s."heldGroups" || jsonb_build_array(${id}::text)
    where s."workspaceId" = ${workspaceId} and s."userId" = any(${userIds}::uuid[])
      and not jsonb_exists(s."heldGroups", ${id}::text)
      and not exists (select from "memberships" m where m."workspaceId" = s."workspaceId" and m."userId" = s."userId")`.execute(
    db,
  )
}

export async function removeMembers(
  db: Db,
  { workspaceId, id }: { workspaceId: string; id: string },
  userIds: string[],
): Promise<void> {
  await sql`delete from "groupMembers" where "groupId" = ${id} and "userId" = any(${userIds}::uuid[])`.execute(db)
  await sql`
    update "scimUsers" set "heldGroups" = "heldGroups" - ${id}::text
    where "workspaceId" = ${workspaceId} and "userId" = any(${userIds}::uuid[])`.execute(db)
}
