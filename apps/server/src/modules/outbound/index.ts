import type { Platform } from '../../platform/context.ts'
import { checkUrl, type Dispatcher, onlyTo, parseHosts, refusalBy } from '../../platform/net/index.ts'
import { outboundHosts } from './store.ts'

export { migrations } from './migrations.ts'
export { mountOutbound } from './routes.ts'

/**
 * The way out for addresses that people of a workspace gave: public ones, and only at the hosts that the workspace allows
 * where it names any. Ask anew for each request: the hosts change.
 */
export async function wayOut(platform: Platform, workspaceId: string): Promise<Dispatcher> {
  const hosts = await outboundHosts.read({ ...platform, actor: { workspaceId } })
  const { guarded } = platform.egress
  return hosts.length === 0 ? guarded : onlyTo(guarded, parseHosts(hosts).hosts)
}

/**
 * Looks at an address that someone wants to save. Answers a sentence that says what is wrong and what to do, or undefined.
 * A hint only: `wayOut` is what counts.
 */
export async function checkAddress(
  platform: Platform,
  workspaceId: string,
  address: string,
): Promise<string | undefined> {
  const hosts = await outboundHosts.read({ ...platform, actor: { workspaceId } })
  const url = URL.parse(address)
  const refusal = url && hosts.length > 0 ? refusalBy(parseHosts(hosts).hosts, url) : undefined
  return refusal?.message ?? checkUrl(platform.egress, address)
}

/** Calls back with the id of a workspace whose hosts changed. */
export function onHostsChanged(platform: Platform, listener: (workspaceId: string) => void): void {
  outboundHosts.onChanged(platform, listener)
}
