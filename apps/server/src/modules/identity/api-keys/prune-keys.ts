import type { Platform } from '../../../platform/context.ts'
import { pruneKeys } from './store.ts'

/** Forgets used nonces and former secrets whose time is over. */
export function pruneApiKeys(platform: Platform): Promise<void> {
  return pruneKeys(platform.db, platform.clock.now())
}
