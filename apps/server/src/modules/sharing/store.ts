import { type Selectable, sql } from 'kysely'
import type { Ctx, Database } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { meantForActor } from './access.ts'
import type {} from './tables.ts'

export type GrantRow = Selectable<Database['grants']>
/** One shared thing. */
export interface Resource {
  kind: string
  id: string
}
/** Whom it is shared with; both null: the workspace. */
export type SubjectColumns = Pick<GrantRow, 'subjectKind' | 'userId' | 'groupId'>

function grantsOf(ctx: Ctx, { kind, id }: Resource) {
  return ctx.db
    .selectFrom('grants')
    .selectAll()
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where('resourceKind', '=', kind)
    .where('resourceId', '=', id)
}

/** Oldest first, after `afterId`. */
export function listGrants(
  ctx: Ctx,
  resource: Resource,
  page: { limit: number; afterId?: string | undefined },
): Promise<GrantRow[]> {
  const query = grantsOf(ctx, resource).orderBy('id').limit(page.limit)
  return (page.afterId === undefined ? query : query.where('id', '>', page.afterId)).execute()
}

export function findGrant(ctx: Ctx, resource: Resource, id: string): Promise<GrantRow | undefined> {
  return grantsOf(ctx, resource).where('id', '=', id).executeTakeFirst()
}

export async function countGrants(ctx: Ctx, resource: Resource): Promise<number> {
  const row = await ctx.db
    .selectFrom(grantsOf(ctx, resource).as('g'))
    .select((g) => g.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(row.count)
}

/** Grants a level, in place of the one the subject has. */
export async function saveGrant(
  tx: Ctx,
  resource: Resource,
  subject: SubjectColumns,
  level: number,
): Promise<GrantRow> {
  const existing = await tx.db
    .updateTable('grants')
    .set({ level })
    .where('workspaceId', '=', tx.actor.workspaceId)
    .where('resourceKind', '=', resource.kind)
    .where('resourceId', '=', resource.id)
    .where('subjectKind', '=', subject.subjectKind)
    .where(sql<boolean>`"userId" is not distinct from ${subject.userId}::uuid`)
    .where(sql<boolean>`"groupId" is not distinct from ${subject.groupId}::uuid`)
    .returningAll()
    .executeTakeFirst()
  if (existing !== undefined) return existing
  return tx.db
    .insertInto('grants')
    .values({
      ...subject,
      id: newId(),
      workspaceId: tx.actor.workspaceId,
      resourceKind: resource.kind,
      resourceId: resource.id,
      level,
      grantedBy: tx.actor.userId,
      createdAt: tx.clock.now(),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function deleteGrant(ctx: Ctx, id: string): Promise<void> {
  await ctx.db.deleteFrom('grants').where('id', '=', id).execute()
}

/** Forgets whom a thing was shared with, and that only some may use it; for when it is gone. */
export async function deleteShares(ctx: Ctx, { kind, id }: Resource): Promise<void> {
  const { workspaceId } = ctx.actor
  for (const table of ['grants', 'restrictedResources'] as const) {
    await ctx.db
      .deleteFrom(table)
      .where('workspaceId', '=', workspaceId)
      .where('resourceKind', '=', kind)
      .where('resourceId', '=', id)
      .execute()
  }
}

export async function setRestricted(ctx: Ctx, { kind, id }: Resource, restricted: boolean): Promise<void> {
  const row = { workspaceId: ctx.actor.workspaceId, resourceKind: kind, resourceId: id }
  if (restricted) {
    await ctx.db
      .insertInto('restrictedResources')
      .values({ ...row, createdAt: ctx.clock.now() })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    return
  }
  await ctx.db
    .deleteFrom('restrictedResources')
    .where('workspaceId', '=', row.workspaceId)
    .where('resourceKind', '=', kind)
    .where('resourceId', '=', id)
    .execute()
}

export function listRestricted(ctx: Ctx) {
  return ctx.db
    .selectFrom('restrictedResources')
    .select(['resourceKind', 'resourceId'])
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .execute()
}

/** The highest level the actor was granted of each thing of a kind. */
export async function listGrantedRanks(ctx: Ctx, kind: string): Promise<Map<string, number>> {
  const { rows } = await sql<{ resourceId: string; rank: number }>`
    select g."resourceId", max(g."level")::int as "rank" from "grants" g
    where g."workspaceId" = ${ctx.actor.workspaceId} and g."resourceKind" = ${kind} and ${meantForActor(ctx)}
    group by g."resourceId"`.execute(ctx.db)
  return new Map(rows.map(({ resourceId, rank }) => [resourceId, rank]))
}
