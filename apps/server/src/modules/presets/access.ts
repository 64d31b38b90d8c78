import { type RawBuilder, sql } from 'kysely'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { grantedRank, rankOf } from '../sharing/index.ts'

/**
 * What the actor may do with a preset, for statements on `presets`: its owner everything, others what they were granted,
 * null for nothing, and for whose role or API key knows no presets, or not this one. Where it was never shared, nothing is looked up.
 */
export function rank(ctx: Ctx): RawBuilder<number | null> {
  if (!ctx.actor.scopes.has('presets:read')) return sql<number | null>`null::int`
  return sql<number | null>`(case
    when not ${isReached(ctx)} then null
    when "presets"."ownerId" = ${ctx.actor.userId} then ${sql.lit(rankOf('manage'))}
    when "presets"."shared" then ${grantedRank(ctx, 'preset', sql.ref('presets.id'))}
  end)`
}

/** Whether the actor's key, if it is limited to presets, names this one. */
export function isReached({ actor }: Ctx): RawBuilder<boolean> {
  const reached = actor.resources?.presets
  return reached === undefined ? sql<boolean>`true` : sql<boolean>`("presets"."id" = any(${reached}::uuid[]))`
}

/**
 * What is made anew is beyond a key that names its presets.
 * @throws AppError forbidden
 */
export function requireUnlimited({ actor }: Ctx): void {
  if (actor.resources?.presets === undefined) return
  throw new AppError('forbidden', 'This API key is limited to the presets it names, and makes no other.')
}
