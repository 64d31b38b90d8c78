import type { Platform } from '../../platform/context.ts'
import { revokedChannel } from '../../platform/http/index.ts'

/** Channel of the bus that says in which workspace roles, groups or shares changed: `{ workspaceId }`. */
export const accessChannel = 'access-changed'

/**
 * Who may what in the workspace changed: what was known of it is forgotten, open streams check again, and open windows
 * look anew. To be called once the change is committed.
 */
export function announceAccess({ bus, actor }: Pick<Platform, 'bus'> & { actor: { workspaceId: string } }): void {
  const { workspaceId } = actor
  bus.publish(revokedChannel, { workspaceId })
  bus.publish(accessChannel, { workspaceId })
  bus.publish(`changes:workspace:${workspaceId}`, { type: 'access-changed' })
}
