import { auditRetentionDays } from '@parley/contract'
import { audit, chainKey, installationChain } from '../../platform/audit/index.ts'
import { inTransaction, type Platform } from '../../platform/context.ts'
import * as store from './store.ts'

const dayMs = 24 * 60 * 60_000
const entriesAtOnce = 5_000

/** Removes entries that are older than their workspace keeps them. */
export async function pruneAudit(platform: Platform): Promise<void> {
  for (const chain of await store.listChains(platform.db)) {
    const settings = await store.findSettings(platform.db, chain)
    const days = settings?.retentionDays ?? auditRetentionDays.usual
    while (await pruneSome(platform, chain, days)) platform.shutdown.throwIfAborted()
  }
}

/**
 * Removes old entries from the front of a chain only, and seals where that is: verifying begins there from now on. An old
 * entry behind a newer one, as clocks that differ leave it, waits for that one. Answers whether there may be more.
 */
async function pruneSome(platform: Platform, chain: string, retentionDays: number): Promise<boolean> {
  return inTransaction(platform, async (tx) => {
    const known = await tx.db
      .selectFrom('auditChains')
      .selectAll()
      .where('chain', '=', chain)
      .forUpdate()
      .executeTakeFirst()
    if (known === undefined) return false
    const oldest = new Date(tx.clock.now().getTime() - retentionDays * dayMs)
    const rows = await store.listEntries(tx.db, { chain }, { limit: entriesAtOnce })
    const firstKept = rows.findIndex(({ at }) => at >= oldest)
    const old = firstKept === -1 ? rows : rows.slice(0, firstKept)
    const last = old.at(-1)
    if (last === undefined) return false
    const { sequence, hash } = last
    const key = chainKey(tx.keyring)
    await tx.db.deleteFrom('auditEntries').where('chain', '=', chain).where('sequence', '<=', sequence).execute()
    await tx.db
      .updateTable('auditChains')
      .set({
        checkpointSequence: sequence,
        checkpointHash: hash,
        checkpointSeal: key.seal('checkpoint', { chain, sequence, hash }),
        checkpointKeyId: key.id,
      })
      .where('chain', '=', chain)
      .execute()
    await audit(tx, {
      action: 'audit.pruned',
      subject: { kind: 'audit-log' },
      after: { through: sequence, count: old.length, retentionDays },
      workspaces: chain === installationChain ? 'installation' : [chain],
      by: { kind: 'system', credentialId: 'prune-audit' },
    })
    return firstKept === -1 && rows.length === entriesAtOnce
  })
}
