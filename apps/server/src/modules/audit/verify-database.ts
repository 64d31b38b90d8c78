import type { AuditReport } from '@parley/contract'
import { type ChainKey, makeAnchor, type parseAnchor } from '../../platform/audit/index.ts'
import type { Platform } from '../../platform/context.ts'
import * as store from './store.ts'
import { ChainVerifier, type Checkpoint } from './verify-chain.ts'

const entriesAtOnce = 1_000
const mostTold = 100

type Anchors = NonNullable<ReturnType<typeof parseAnchor>>[]

/** Checks a whole chain as it is in the database. */
export async function verifyChain(
  platform: Pick<Platform, 'db' | 'clock'>,
  chain: string,
  { key, anchors = [] }: { key: ChainKey | undefined; anchors?: Anchors },
): Promise<AuditReport> {
  for (;;) {
    const before = await store.findChain(platform.db, chain)
    const verifier = new ChainVerifier({
      chain,
      checkpoint: checkpointOf(before),
      // With entries and no end, the end was removed: there can be none.
      end: before ?? { sequence: 0, hash: '' },
      anchors: anchors.filter((anchor) => anchor.chain === chain),
      key,
    })
    await takeAll(platform, chain, before?.sequence, verifier)
    const after = await store.findChain(platform.db, chain)
    // Old entries were removed meanwhile: begin again from where the chain begins now.
    if (after?.checkpointSequence !== before?.checkpointSequence) continue
    return reportOf(platform, key, chain, verifier)
  }
}

async function takeAll(
  { db }: Pick<Platform, 'db'>,
  chain: string,
  upTo: number | undefined,
  verifier: ChainVerifier,
): Promise<void> {
  let after: number | undefined
  for (;;) {
    const rows = await store.listEntries(db, { chain }, { limit: entriesAtOnce, after })
    for (const row of rows) {
      // What was written since the end was read, or was put there by somebody: that is looked at next time.
      if (upTo !== undefined && row.sequence > upTo && (await isNew(db, row))) return
      verifier.take(store.sealedEntry(row))
    }
    after = rows.at(-1)?.sequence
    if (rows.length < entriesAtOnce) return
  }
}

async function isNew(db: Platform['db'], { chain, sequence }: store.EntryRow): Promise<boolean> {
  const end = await store.findChain(db, chain)
  return end !== undefined && end.sequence >= sequence
}

function reportOf(
  { clock }: Pick<Platform, 'clock'>,
  key: ChainKey | undefined,
  chain: string,
  verifier: ChainVerifier,
): AuditReport {
  const problems = verifier.finish()
  const { last, first } = verifier
  return {
    ok: problems.length === 0,
    checked: verifier.checked,
    firstSequence: first ?? null,
    lastSequence: last?.sequence ?? null,
    problems: problems.slice(0, mostTold),
    problemCount: problems.length,
    checkedAt: clock.now().toISOString(),
    anchor: last && key && problems.length === 0 ? makeAnchor(key, { chain, ...last }) : null,
  }
}

/** What the chain begins with; see ChainFacts. */
export function checkpointOf(row: Awaited<ReturnType<typeof store.findChain>>): Checkpoint | null {
  const { checkpointSequence: sequence, checkpointHash: hash, checkpointSeal: seal, checkpointKeyId: keyId } = row ?? {}
  if (sequence == null || hash == null || seal == null || keyId == null) return null
  return { sequence, hash, seal, keyId }
}
