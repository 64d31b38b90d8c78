import { type Level, levels } from '@parley/contract'
import { type Expression, type RawBuilder, sql } from 'kysely'
import type { Ctx } from '../../platform/context.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { groupIdsOf } from '../identity/index.ts'
import type { ShareableKind } from './kinds.ts'
import type {} from './tables.ts'

/** A level as it is stored: the higher the more. */
export function rankOf(level: Level): number {
  return levels.indexOf(level) + 1
}

/** The level that is stored as this number. */
export function levelOf(rank: number): Level {
  return levels[rank - 1]!
}

/** Whether a level includes another. */
export function includes(level: Level, least: Level): boolean {
  return rankOf(level) >= rankOf(least)
}

/**
 * Refuses who may see a thing, but not do this with it. Who may not even see it has to be told `not_found` before.
 * @throws AppError forbidden
 */
function requireLevel(level: Level, least: Level): void {
  if (includes(level, least)) return
  const may = { view: 'see', use: 'use', edit: 'change', manage: 'manage' }
  throw new AppError(
    'forbidden',
    `This was shared with you so that you can ${may[level]} it, not ${may[least]} it. Ask its owner for more.`,
  )
}

/**
 * Makes sure that the actor may do at least this with a thing, or with what is in it. What is not theirs at all is as if
 * it were not there (P6).
 * @throws AppError not_found, forbidden
 */
export function requireAccess<T extends { rank: number | null }>(row: T | undefined, what: string, least: Level): T {
  if (row === undefined || row.rank === null) throw notFound(what)
  requireLevel(levelOf(row.rank), least)
  return row
}

/** Who a grant can be meant for: the actor, a group they are in, everyone. For statements on `grants` as `g`. */
export function meantForActor(ctx: Ctx): RawBuilder<boolean> {
  return sql<boolean>`(g."subjectKind" = 'workspace' or g."userId" = ${ctx.actor.userId}
    or g."groupId" in (${groupIdsOf(ctx)}))`
}

/** The highest level that was granted to the actor, null for none: a column of another module's statement. */
export function grantedRank(
  ctx: Ctx,
  kind: ShareableKind['kind'],
  resourceId: Expression<unknown>,
): RawBuilder<number | null> {
  return sql<number | null>`(select max(g."level")::int from "grants" g
    where g."workspaceId" = ${ctx.actor.workspaceId} and g."resourceKind" = ${kind}
      and g."resourceId" = ${resourceId}::text and ${meantForActor(ctx)})`
}

/** Whether a thing is shared with anyone: a column of another module's statement. */
export function hasGrants(ctx: Ctx, kind: ShareableKind['kind'], resourceId: Expression<unknown>): RawBuilder<boolean> {
  return sql<boolean>`exists (select from "grants" g where g."workspaceId" = ${ctx.actor.workspaceId}
    and g."resourceKind" = ${kind} and g."resourceId" = ${resourceId}::text)`
}

/** Ids of all that was granted to the actor, for `in`; only for kinds whose ids are UUIDs. */
export function grantedIds(ctx: Ctx, kind: ShareableKind['kind']): RawBuilder<string> {
  // Other kinds have ids that cannot be cast, and nothing else keeps PostgreSQL from trying.
  return sql<string>`(select case when g."resourceKind" = ${kind} then g."resourceId"::uuid end from "grants" g
    where g."workspaceId" = ${ctx.actor.workspaceId} and g."resourceKind" = ${kind} and ${meantForActor(ctx)})`
}
