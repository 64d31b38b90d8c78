import type { Platform } from '../../platform/context.ts'
import { type Revoked, revokedChannel } from '../../platform/http/index.ts'

/**
 * Tells all who remember a credential to forget it, and what is open with it to look again; to be called once the change is
 * committed.
 */
export function announceRevoked(platform: Platform, revoked: Revoked): void {
  platform.bus.publish(revokedChannel, revoked)
}
