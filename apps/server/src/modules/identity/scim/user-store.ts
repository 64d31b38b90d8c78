import { type RawBuilder, sql } from 'kysely'
import { newId } from '../../../platform/crypto/index.ts'
import type { Db } from '../../../platform/database/index.ts'
import { isBuiltIn, type HeldRole as RoleScopes } from '../access.ts'
import type { MembershipRole } from '../roles/store.ts'
import { insertMembership } from '../store.ts'
import type { FilterSource } from './filter-sql.ts'
import type { Resource } from './read-resource.ts'
import { userResource } from './schemas.ts'
import '../groups/tables.ts'
import '../roles/tables.ts'
import '../tables.ts'
import './tables.ts'

/** A role with what it allows. */
export type HeldRole = MembershipRole & RoleScopes

/** A person as the directory of a workspace sees them. */
export interface PersonRow extends HeldRole {
  id: string
  userName: string
  externalId: string | null
  /** Whether they are in, or will be once they agree. */
  active: boolean
  /** With `roles`; for who was not provisioned, what is known of the account. */
  attributes: Resource
  groups: { value: string; display: string }[]
  createdAt: Date
  updatedAt: Date
}

/** Everyone of the workspace: its members, and those whom its directory keeps out or who have not agreed yet. */
function people(workspaceId: string): RawBuilder<unknown> {
  return sql`(
    select u."id",
      ${workspaceId}::uuid as "workspaceId",
      coalesce(s."userName", u."email") as "userName",
      s."externalId",
      coalesce(s."active" and (s."acceptedAt" is null or m."userId" is not null), true) as "active",
      coalesce(s."attributes", jsonb_build_object(
        'displayName', u."name",
        'name', jsonb_build_object('formatted', u."name"),
        'emails', jsonb_build_array(jsonb_build_object('value', u."email", 'type', 'work', 'primary', true))
      )) || jsonb_build_object('roles', jsonb_build_array(
        jsonb_build_object('value', coalesce(r."name", m."role", s."heldRole"), 'primary', true)
      )) as "attributes",
      coalesce(m."role", s."heldRole") as "role",
      r."id" as "roleId",
      r."scopes" as "roleScopes",
      coalesce(s."createdAt", m."createdAt") as "createdAt",
      coalesce(s."updatedAt", greatest(m."createdAt", u."updatedAt")) as "updatedAt"
    from "users" u
    left join "memberships" m on m."userId" = u."id" and m."workspaceId" = ${workspaceId}
    left join "scimUsers" s on s."userId" = u."id" and s."workspaceId" = ${workspaceId}
    left join "roles" r on r."workspaceId" = ${workspaceId}
      and r."id" = case when m."userId" is null then s."heldRoleId" else m."roleId" end
    where u."kind" = 'person' and u."id" in (
      select "userId" from "memberships" where "workspaceId" = ${workspaceId}
      union select "userId" from "scimUsers" where "workspaceId" = ${workspaceId}
    )
  ) as p`
}

/** Of a person: those they are in, and those they will be in once they are let in. */
const groupIds = sql`
  select gm."groupId" from "groupMembers" gm where gm."workspaceId" = p."workspaceId" and gm."userId" = p."id"
  union all
  select held::uuid from "scimUsers" s, jsonb_array_elements_text(s."heldGroups") held
  where s."workspaceId" = p."workspaceId" and s."userId" = p."id"`

const columns = sql`p."id", p."userName", p."externalId", p."active", p."attributes", p."createdAt", p."updatedAt",
  p."role", p."roleId", p."roleScopes", coalesce((
    select jsonb_agg(jsonb_build_object('value', g."id", 'display', g."name") order by g."name", g."id")
    from "groups" g
    where g."workspaceId" = p."workspaceId" and g."id" in (${groupIds})
  ), '[]'::jsonb) as "groups"`

/** Where filters find the attributes of a person. */
export const userFilterSource: FilterSource = {
  schema: userResource,
  columns: {
    id: sql`p."id"::text`,
    userName: sql`p."userName"`,
    externalId: sql`p."externalId"`,
    active: sql`p."active"`,
    'meta.created': sql`p."createdAt"`,
    'meta.lastModified': sql`p."updatedAt"`,
  },
  attributes: sql`p."attributes"`,
  related: {
    groups: (condition) =>
      sql<boolean>`exists (select from (${groupIds}) as of(id) where ${condition(sql`of.id::text`)})`,
  },
}

export async function findPerson(db: Db, workspaceId: string, id: string): Promise<PersonRow | undefined> {
  const { rows } = await sql<PersonRow>`select ${columns} from ${people(workspaceId)} where p."id" = ${id}`.execute(db)
  return rows[0]
}

export interface ListQuery {
  condition: RawBuilder<boolean> | undefined
  orderBy: RawBuilder<unknown> | undefined
  descending: boolean
  offset: number
  limit: number
}

/** How many there are, and a page of them; by id where nothing else is asked for. */
export async function listPeople(
  db: Db,
  workspaceId: string,
  { condition, orderBy, descending, offset, limit }: ListQuery,
): Promise<{ total: number; rows: PersonRow[] }> {
  const from = sql`from ${people(workspaceId)} where ${condition ?? sql`true`}`
  const counted = await sql<{ total: number }>`select count(*)::int as "total" ${from}`.execute(db)
  const total = counted.rows[0]!.total
  if (limit === 0 || offset >= total) return { total, rows: [] }
  const order = orderBy && sql`${orderBy} ${descending ? sql`desc` : sql`asc`},`
  const { rows } = await sql<PersonRow>`select ${columns} ${from} order by ${order ?? sql``} p."id"
    limit ${limit} offset ${offset}`.execute(db)
  return { total, rows }
}

/** What decides about a person of the workspace, locked to the end of the transaction. */
export async function lockPerson(db: Db, workspaceId: string, userId: string) {
  await db.selectFrom('users').select('id').where('id', '=', userId).forUpdate().execute()
  const account = await db
    .selectFrom('users')
    .leftJoin('memberships', (join) =>
      join.onRef('memberships.userId', '=', 'users.id').on('memberships.workspaceId', '=', workspaceId),
    )
    .leftJoin('scimUsers', (join) =>
      join.onRef('scimUsers.userId', '=', 'users.id').on('scimUsers.workspaceId', '=', workspaceId),
    )
    .select([
      'users.email',
      'users.name',
      'users.provisionedBy',
      'memberships.userId as memberId',
      'memberships.ownRole',
      'memberships.ownRoleId',
      'scimUsers.active',
      'scimUsers.acceptedAt',
    ])
    .where('users.id', '=', userId)
    .where('users.kind', '=', 'person')
    .executeTakeFirst()
  if (account === undefined || (account.memberId === null && account.active === null)) return undefined
  return account
}

/** A role of the workspace by its name or id, or built in; undefined when there is none. */
export async function findRole(db: Db, workspaceId: string, text: string): Promise<HeldRole | undefined> {
  const name = text.toLowerCase()
  if (isBuiltIn(name)) return { role: name, roleId: null, roleScopes: null }
  const row = await db
    .selectFrom('roles')
    .select(['id', 'scopes'])
    .where('workspaceId', '=', workspaceId)
    .where(sql<boolean>`(lower("name") = lower(${text}::text) or "id"::text = ${name}::text)`)
    .executeTakeFirst()
  return row && { role: 'viewer', roleId: row.id, roleScopes: row.scopes }
}

/** What a role allows. */
export async function withScopes(db: Db, workspaceId: string, held: MembershipRole): Promise<HeldRole> {
  if (held.roleId === null) return { ...held, roleScopes: null }
  const query = db.selectFrom('roles').select('scopes').where('workspaceId', '=', workspaceId)
  const row = await query.where('id', '=', held.roleId).executeTakeFirst()
  return { ...held, roleScopes: row?.scopes ?? null }
}

/** The custom role, if it is still there. */
export async function findRoleById(db: Db, workspaceId: string, id: string | null): Promise<string | null> {
  if (id === null) return null
  const query = db.selectFrom('roles').select('id').where('workspaceId', '=', workspaceId).where('id', '=', id)
  return (await query.executeTakeFirst())?.id ?? null
}

/** The account with this address, locked. */
export function lockAccountByEmail(db: Db, email: string) {
  return db
    .selectFrom('users')
    .select(['id', 'provisionedBy'])
    .where('email', '=', email)
    .where('kind', '=', 'person')
    .forUpdate()
    .executeTakeFirst()
}

export async function isUserNameTaken(
  db: Db,
  workspaceId: string,
  userName: string,
  exceptId?: string,
): Promise<boolean> {
  const { rows } = await sql`
    select from ${people(workspaceId)}
    where lower(p."userName") = lower(${userName}::text) and p."id" is distinct from ${exceptId ?? null}::uuid
    limit 1`.execute(db)
  return rows.length > 0
}

/** In which other workspaces an account is, or is known to a directory. */
export async function isKnownElsewhere(db: Db, workspaceId: string, userId: string): Promise<boolean> {
  const { rows } = await sql`
    select from "memberships" where "userId" = ${userId} and "workspaceId" <> ${workspaceId}
    union all select from "scimUsers" where "userId" = ${userId} and "workspaceId" <> ${workspaceId}
    limit 1`.execute(db)
  return rows.length > 0
}

/** Undefined when the address is taken. */
export async function insertAccount(
  db: Db,
  account: { email: string; name: string; provisionedBy: string },
  now: Date,
): Promise<string | undefined> {
  const row = await db
    .insertInto('users')
    .values({ id: newId(), ...account, passwordHash: null, createdAt: now, updatedAt: now })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id
}

/** False when the address is taken. */
export async function updateAccount(
  db: Db,
  id: string,
  { email, name }: { email: string; name: string },
  now: Date,
): Promise<boolean> {
  const taken = await db
    .selectFrom('users')
    .select('id')
    .where('email', '=', email)
    .where('id', '!=', id)
    .executeTakeFirst()
  if (taken) return false
  await db
    .updateTable('users')
    .set((eb) => ({
      email,
      name,
      // Nobody has shown yet that a new address is theirs.
      emailVerifiedAt: eb.case().when('email', '=', email).then(eb.ref('emailVerifiedAt')).else(null).end(),
      updatedAt: now,
    }))
    .where('id', '=', id)
    .execute()
  return true
}

export interface ScimUser {
  workspaceId: string
  userId: string
  userName: string
  externalId: string | null
  active: boolean
  acceptedAt: Date | null
  attributes: Resource
  role: MembershipRole
}

/** Stores what a directory says of a person, and keeps what it has not said: since when, which groups, what was offered. */
export async function saveScimUser(db: Db, { workspaceId, userId, role, ...said }: ScimUser, now: Date): Promise<void> {
  const saved = {
    ...said,
    attributes: JSON.stringify(said.attributes),
    heldRole: role.role,
    heldRoleId: role.roleId,
    updatedAt: now,
  }
  const first = { declinedAt: null, offerHash: null, offeredAt: null, heldGroups: '[]', createdAt: now }
  await db
    .insertInto('scimUsers')
    .values({ workspaceId, userId, ...saved, ...first })
    .onConflict((conflict) => conflict.columns(['workspaceId', 'userId']).doUpdateSet(saved))
    .execute()
}

export async function deleteScimUser(db: Db, workspaceId: string, userId: string): Promise<void> {
  await db.deleteFrom('scimUsers').where('workspaceId', '=', workspaceId).where('userId', '=', userId).execute()
}

/** Lets a person in, with their role and into the groups that waited for them. */
export async function beginMembership(
  db: Db,
  { workspaceId, userId, role }: Pick<ScimUser, 'workspaceId' | 'userId' | 'role'>,
  now: Date,
): Promise<void> {
  const held = await db
    .selectFrom('scimUsers')
    .select('heldManagedBy')
    .where('workspaceId', '=', workspaceId)
    .where('userId', '=', userId)
    .executeTakeFirst()
  await insertMembership(db, { workspaceId, userId, ...role, managedBy: held?.heldManagedBy ?? null }, now)
  await sql`
    insert into "groupMembers" ("groupId", "workspaceId", "userId", "createdAt")
    select g."id", g."workspaceId", s."userId", ${now}::timestamptz
    from "scimUsers" s
    cross join jsonb_array_elements_text(s."heldGroups") held
    join "groups" g on g."id" = held::uuid and g."workspaceId" = s."workspaceId"
    where s."workspaceId" = ${workspaceId} and s."userId" = ${userId}
    on conflict do nothing`.execute(db)
  await db
    .updateTable('scimUsers')
    .set({ heldGroups: '[]', heldManagedBy: null })
    .where('workspaceId', '=', workspaceId)
    .where('userId', '=', userId)
    .execute()
}

/**
 * Takes a person out: the membership, the sessions in this workspace, and its keys go. What they own stays. Their groups are
 * kept for them, but for those that sign-in rules gave: these give them again.
 */
export async function endMembership(db: Db, workspaceId: string, userId: string, now: Date): Promise<void> {
  await sql`
    update "scimUsers" set "heldGroups" = coalesce((
      select jsonb_agg("groupId") from "groupMembers"
      where "workspaceId" = ${workspaceId} and "userId" = ${userId} and "managedBy" is null
    ), '[]'::jsonb), "heldManagedBy" = (
      select "managedBy" from "memberships" where "workspaceId" = ${workspaceId} and "userId" = ${userId}
    )
    where "workspaceId" = ${workspaceId} and "userId" = ${userId}`.execute(db)
  for (const table of ['memberships', 'sessions'] as const) {
    await db.deleteFrom(table).where('workspaceId', '=', workspaceId).where('userId', '=', userId).execute()
  }
  await db
    .updateTable('apiKeys')
    .set({ revokedAt: now })
    .where('workspaceId', '=', workspaceId)
    .where('userId', '=', userId)
    .where('revokedAt', 'is', null)
    .execute()
}

/** How many people are in which state. */
export async function countPeople(db: Db, workspaceId: string) {
  const { rows } = await sql<{ active: number; suspended: number; waiting: number }>`
    select
      count(*) filter (where s."active" and m."userId" is not null)::int as "active",
      count(*) filter (where not s."active")::int as "suspended",
      count(*) filter (where s."active" and s."acceptedAt" is null)::int as "waiting"
    from "scimUsers" s
    left join "memberships" m on m."userId" = s."userId" and m."workspaceId" = s."workspaceId"
    where s."workspaceId" = ${workspaceId}`.execute(db)
  return rows[0]!
}
