import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { chainKey, makeAnchor } from '../../platform/audit/index.ts'
import type { Ctx } from '../../platform/context.ts'
import * as store from './store.ts'
import type { Checkpoint } from './verify-chain.ts'
import { checkpointOf } from './verify-database.ts'

const entriesAtOnce = 1_000

/** The first line of an exported log: what its entries are. */
export interface ExportHeader {
  parleyAudit: 1
  chain: string
  exportedAt: string
  /** What comes before the first entry; see ChainFacts. Left out where the entries are a piece out of the middle. */
  checkpoint?: Checkpoint | null
  /** Some were left out on purpose. */
  sieved: boolean
}

/** Its last line. */
export interface ExportFooter {
  end: { sequence: number; hash: string } | null
  anchor: string | null
  entries: number
}

/** Sends entries as JSON lines, oldest first, while they are read: a line that says what they are, entries, the end. */
export async function sendEntries(ctx: Ctx, filters: store.EntryFilters, reply: FastifyReply): Promise<void> {
  const day = ctx.clock.now().toISOString().slice(0, 10)
  reply
    .header('content-disposition', `attachment; filename="audit-${day}.jsonl"`)
    .type('application/x-ndjson')
    .send(Readable.from(exportLines(ctx, filters)))
}

async function* exportLines(ctx: Ctx, filters: store.EntryFilters): AsyncGenerator<string> {
  const { chain, from, to } = filters
  const known = await store.findChain(ctx.db, chain)
  const { first, last } = await store.findRange(ctx.db, { chain, from, to })
  const checkpoint = checkpointOf(known)
  const begins = (checkpoint?.sequence ?? 0) + 1
  const sieved = [filters.action, filters.actorId, filters.subjectId, filters.outcome].some((one) => one !== undefined)
  const header: ExportHeader = {
    parleyAudit: 1,
    chain,
    exportedAt: ctx.clock.now().toISOString(),
    ...(first === begins || first === null ? { checkpoint } : {}),
    sieved,
  }
  yield `${JSON.stringify(header)}\n`

  // Between two times all numbers count, whatever the clocks of several servers said.
  const within = { ...filters, from: undefined, to: undefined }
  let after = first === null ? undefined : first - 1
  let end: ExportFooter['end'] = null
  let entries = 0
  while (first !== null && last !== null) {
    ctx.signal.throwIfAborted()
    const rows = await store.listEntries(ctx.db, within, { limit: entriesAtOnce, after })
    const wanted = rows.filter(({ sequence }) => sequence <= last)
    if (wanted.length > 0) yield wanted.map((row) => `${JSON.stringify(store.sealedEntry(row))}\n`).join('')
    entries += wanted.length
    const latest = wanted.at(-1)
    if (latest) end = { sequence: latest.sequence, hash: latest.hash }
    if (rows.length < entriesAtOnce || wanted.length < rows.length) break
    after = latest?.sequence
  }
  const footer: ExportFooter = {
    end: sieved ? null : end,
    anchor: end === null || sieved ? null : makeAnchor(chainKey(ctx.keyring), { chain, ...end }),
    entries,
  }
  yield `${JSON.stringify(footer)}\n`
}
