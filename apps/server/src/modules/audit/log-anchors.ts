import { chainKey, makeAnchor } from '../../platform/audit/index.ts'
import type { Platform } from '../../platform/context.ts'

/** Writes where each chain ends to the log of the server, which goes elsewhere: cutting the end off shows by it. */
export async function logAnchors(platform: Platform): Promise<void> {
  const key = chainKey(platform.keyring)
  const chains = await platform.db
    .selectFrom('auditChains')
    .select(['chain', 'sequence', 'hash'])
    .where('sequence', '>', 0)
    .execute()
  for (const place of chains) platform.log.info({ anchor: makeAnchor(key, place) }, 'The audit log ends here.')
}
