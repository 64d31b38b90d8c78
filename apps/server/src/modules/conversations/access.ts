import { type RawBuilder, sql } from 'kysely'
import type { Ctx } from '../../platform/context.ts'
import { grantedRank, rankOf } from '../sharing/index.ts'

/**
 * What the actor may do with a conversation, for statements on `conversations`: its owner everything, others what they
 * were granted, null for nothing, or for what the API key they use does not reach. Where it was never shared, nothing is
 * looked up.
 */
export function rank(ctx: Ctx): RawBuilder<number | null> {
  return sql<number | null>`(case
    when not ${isReached(ctx)} then null
    when "conversations"."ownerId" = ${ctx.actor.userId} then ${sql.lit(rankOf('manage'))}
    when "conversations"."shared" then ${grantedRank(ctx, 'conversation', sql.ref('conversations.id'))}
  end)`
}

/** Whether the actor's key, if it is limited to conversations, names this one. */
export function isReached({ actor }: Ctx): RawBuilder<boolean> {
  const reached = actor.resources?.conversations
  return reached === undefined ? sql<boolean>`true` : sql<boolean>`("conversations"."id" = any(${reached}::uuid[]))`
}

/** The same for a statement of another module that holds the conversation's id in a column. */
export function rankIn(ctx: Ctx, conversationId: string): RawBuilder<number | null> {
  return sql<number | null>`(select ${rank(ctx)} from "conversations"
    where "conversations"."id" = ${sql.ref(conversationId)}
      and "conversations"."workspaceId" = ${ctx.actor.workspaceId})`
}
