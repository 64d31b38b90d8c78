import type { Endpoint } from '@parley/contract'
import type { Actor, Platform } from '../context.ts'

/** Refuses requests that come too often; see platform/limits. Both throw AppError rate_limited. */
export interface RequestLimits {
  /** Before anything is looked up: refuses those who are known to send too much. */
  refuseEarly(platform: Platform, address: string): void
  /** Counts a request of somebody, or of nobody who is known. */
  charge(
    platform: Platform,
    address: string,
    endpoint: Pick<Endpoint, 'cost'>,
    actor: Actor | undefined,
  ): Promise<Charge>
}

/** What a request was counted against. */
export interface Charge {
  /** Tells what is left. */
  headers: Record<string, string>
  /** For requests that come to nothing: what the plan allows is for those that do. */
  giveBack?: () => void
}
