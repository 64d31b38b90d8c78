import type { Ctx } from '../../platform/context.ts'
import { revokedChannel } from '../../platform/http/index.ts'

/** Channel of the bus that says in which workspace roles, groups or shares changed: `{ workspaceId }`. */
export const accessChannel = 'access-changed'

/**
 * Who may what in the workspace changed: what was known of it is forgotten, open streams check again, and open windows
 * look anew. To be called once the change is committed.
 */
export function announceAccess(ctx: Ctx): void {
  const { workspaceId } = ctx.actor
  ctx.bus.publish(revokedChannel, { workspaceId })
  ctx.bus.publish(accessChannel, { workspaceId })
  ctx.bus.publish(`changes:workspace:${workspaceId}`, { type: 'access-changed' })
}
