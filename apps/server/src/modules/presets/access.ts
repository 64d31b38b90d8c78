import { type RawBuilder, sql } from 'kysely'
import type { Ctx } from '../../platform/context.ts'
import { grantedRank, rankOf } from '../sharing/index.ts'

/**
 * What the actor may do with a preset, for statements on `presets`: its owner everything, others what they were granted,
 * null for nothing, and for whose role or API key knows no presets. Where it was never shared, nothing is looked up.
 */
export function rank(ctx: Ctx): RawBuilder<number | null> {
  if (!ctx.actor.scopes.has('presets:read')) return sql<number | null>`null::int`
  return sql<number | null>`(case
    when "presets"."ownerId" = ${ctx.actor.userId} then ${sql.lit(rankOf('manage'))}
    when "presets"."shared" then ${grantedRank(ctx, 'preset', sql.ref('presets.id'))}
  end)`
}
