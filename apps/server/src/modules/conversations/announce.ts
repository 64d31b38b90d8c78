import type { ChangeEvent } from '@parley/contract'
import { type Ctx, whenCommitted } from '../../platform/context.ts'
import { type Audience, audienceOf } from './audience.ts'

/**
 * Tells the open windows, here and on other devices, of all who have access to a conversation. Call it when the change
 * is committed.
 */
export function announce(ctx: Ctx, change: ChangeEvent & { conversationId: string }): void {
  const known = audienceOf(ctx).known(change.conversationId)
  if (known) {
    announceTo(ctx, known, change)
    return
  }
  // The actor's own windows do not wait for the database.
  ctx.bus.publish(`changes:${ctx.actor.userId}`, change)
  audienceOf(ctx)
    .find(ctx, change.conversationId)
    .then(
      ({ userIds, everyone }) =>
        announceTo(ctx, { userIds: userIds.filter((id) => id !== ctx.actor.userId), everyone }, change),
      (error) => ctx.log.warn({ err: error }, 'Who else is to be told of a change could not be found.'),
    )
}

/** The same where it is known who they are. */
export function announceTo(ctx: Ctx, { userIds, everyone }: Audience, change: ChangeEvent): void {
  whenCommitted(ctx, () => {
    if (everyone) ctx.bus.publish(`changes:workspace:${ctx.actor.workspaceId}`, change)
    else for (const userId of userIds) ctx.bus.publish(`changes:${userId}`, change)
  })
}
