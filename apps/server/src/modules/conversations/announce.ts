import type { ChangeEvent } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'

/** Tells the actor's open windows, here and on other devices. Call it when the change is committed. */
export function announce(ctx: Ctx, change: ChangeEvent): void {
  ctx.bus.publish(`changes:${ctx.actor.userId}`, change)
}
