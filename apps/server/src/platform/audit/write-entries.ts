import type { AuditRecord } from '@parley/contract'
import { sql } from 'kysely'
import { type Platform, whenCommitted } from '../context.ts'
import { newId } from '../crypto/index.ts'
import { chainKey, firstHash, hashEntry } from './chain.ts'
import type {} from './tables.ts'

/** An entry that has no place in its chain yet. */
export type Draft = Omit<AuditRecord, 'sequence' | 'id' | 'at' | 'keyId'>

type Writer = Pick<Platform, 'db' | 'keyring' | 'bus' | 'clock'>

/** Channel of the bus that says that a chain grew. */
export const auditChannel = 'audit-written'

/**
 * Adds entries to their chains. The end of a chain is locked until the transaction is over, so that the next writer, in
 * whatever process, goes on from there: no gap, no fork. Chains are locked in one order, so that nobody waits in a circle.
 */
export async function writeEntries(tx: Writer, drafts: readonly Draft[]): Promise<void> {
  const byChain = Map.groupBy(drafts, ({ chain }) => chain)
  for (const chain of [...byChain.keys()].sort()) await extend(tx, chain, byChain.get(chain)!)
}

async function extend(tx: Writer, chain: string, drafts: readonly Draft[]): Promise<void> {
  const end = await lockEnd(tx, chain)
  const key = chainKey(tx.keyring)
  let { sequence, hash: previousHash } = end
  const rows = drafts.map((draft) => {
    sequence++
    const at = tx.clock.now()
    const place = { chain, sequence, id: newId(), at, keyId: key.id }
    const hash = hashEntry(previousHash, { ...draft, ...place, at: at.toISOString() })
    const row = {
      ...draft,
      ...place,
      before: draft.before && JSON.stringify(draft.before),
      after: draft.after && JSON.stringify(draft.after),
      previousHash,
      hash,
      seal: key.seal('entry', { chain, sequence, hash }),
    }
    previousHash = hash
    return row
  })
  await tx.db
    .with('end', (db) =>
      db.updateTable('auditChains').set({ sequence, hash: previousHash }).where('chain', '=', chain).returning('chain'),
    )
    .insertInto('auditEntries')
    .values(rows)
    .execute()
  whenCommitted(tx, () => tx.bus.publish(auditChannel, chain))
}

/** Where the chain ends now; nobody else extends it until this transaction is over. */
async function lockEnd({ db }: Writer, chain: string): Promise<{ sequence: number; hash: string }> {
  const known = await db
    .selectFrom('auditChains')
    .select(['sequence', 'hash'])
    .where('chain', '=', chain)
    .forUpdate()
    .executeTakeFirst()
  if (known !== undefined) return known
  // Of two that begin a chain at once, the second waits here, and goes on from what the first wrote.
  const { rows } = await sql<{ sequence: number; hash: string }>`
    insert into "auditChains" ("chain", "sequence", "hash") values (${chain}, 0, ${firstHash})
    on conflict ("chain") do update set "sequence" = "auditChains"."sequence"
    returning "sequence", "hash"`.execute(db)
  return rows[0]!
}
