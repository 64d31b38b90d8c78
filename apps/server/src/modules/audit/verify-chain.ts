import { type AuditProblem, type SealedAuditEntry, sealedAuditEntrySchema } from '@parley/contract'
import { type ChainKey, firstHash, hashEntry, type Place, type parseAnchor } from '../../platform/audit/index.ts'

/** Where entries were removed from the front, as the server sealed it. */
export type Checkpoint = Omit<Place, 'chain'> & { seal: string; keyId: string }
type Anchor = NonNullable<ReturnType<typeof parseAnchor>>

export interface ChainFacts {
  chain: string
  /**
   * What comes before the first entry: what the server left when it removed old ones, null for the beginning of the chain.
   * Undefined: the entries are a piece out of the middle.
   */
  checkpoint?: Checkpoint | null | undefined
  /** Where the chain ends, as the database says. */
  end?: Omit<Place, 'chain'> | undefined
  /** Places that were told elsewhere before. */
  anchors?: readonly Anchor[]
  /** Without it, only the hashes can be checked, which anyone can compute. */
  key?: ChainKey | undefined
  /** Entries were left out on purpose: each is checked, their order is not. */
  sieved?: boolean
}

/**
 * Checks one chain, entry by entry in the order in which they are found, in memory that does not grow with it. Names every
 * entry that was changed, removed, added or moved; what cannot be told from the entries alone is told from what is known
 * beside them.
 */
export class ChainVerifier {
  readonly #facts: ChainFacts
  readonly #problems: AuditProblem[] = []
  /** Entries that something is known to be wrong with: what follows from that is not told again. */
  readonly #named = new Set<number>()
  /** Numbers that were passed over, first and last: they may still come, in the wrong place. */
  #missing: [number, number][] = []
  /** What an entry after a gap says of the one before it. */
  readonly #expectedHashes = new Map<number, string>()
  #previous: { sequence: number; hash: string } | undefined
  #first: number | undefined
  checked = 0

  constructor(facts: ChainFacts) {
    this.#facts = facts
    const { checkpoint, chain, key } = facts
    if (checkpoint === undefined) return
    this.#previous = checkpoint ?? { sequence: 0, hash: firstHash }
    if (checkpoint === null || key === undefined) return
    const { sequence } = checkpoint
    if (checkpoint.keyId !== key.id) {
      this.#tell(
        'other-key',
        sequence,
        `What was removed up to entry ${sequence} is sealed with key ${checkpoint.keyId}.`,
      )
    } else if (!key.isGood('checkpoint', { chain, ...checkpoint }, checkpoint.seal)) {
      this.#tell(
        'forged',
        sequence,
        `The server did not remove the entries up to ${sequence}: the seal on that is wrong.`,
      )
    }
  }

  /** The last entry in the order of the chain, so far. */
  get last(): { sequence: number; hash: string } | undefined {
    return this.#first === undefined ? undefined : this.#previous
  }

  get first(): number | undefined {
    return this.#first
  }

  /** The next entry as it was found. */
  take(found: unknown): void {
    this.checked++
    const parsed = sealedAuditEntrySchema.safeParse(found)
    if (!parsed.success) {
      const { sequence, id } = (found ?? {}) as Record<string, unknown>
      const at = typeof sequence === 'number' && Number.isSafeInteger(sequence) ? sequence : null
      this.#tell('unreadable', at, 'This is no entry of an audit log.', typeof id === 'string' ? id : null)
      if (at !== null) this.#pass(at)
      return
    }
    const entry = parsed.data
    if (entry.chain !== this.#facts.chain) {
      this.#tell('added', entry.sequence, 'It belongs into another log.', entry.id)
      return
    }
    this.#checkContent(entry)
    if (!this.#facts.sieved) this.#checkPlace(entry)
    this.#checkAnchors(entry)
  }

  /** All that is wrong, by number. */
  finish(): AuditProblem[] {
    const { end, anchors = [], sieved } = this.#facts
    for (const [first, last] of this.#missing) this.#tellMissing(first, last)
    const reached = this.#previous?.sequence ?? 0
    if (end !== undefined && !sieved) {
      if (reached < end.sequence) this.#tellTruncated(reached + 1, end.sequence)
      const isWrong = reached === end.sequence && this.#previous?.hash !== end.hash
      if (isWrong && !this.#named.has(reached)) {
        this.#tell('changed', reached, 'It is not the entry that the chain ended with.')
      }
    }
    if (!sieved) {
      for (const { sequence } of anchors) if (sequence > reached) this.#tellTruncated(reached + 1, sequence)
    }
    return this.#problems.sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0))
  }

  #checkContent(entry: SealedAuditEntry): void {
    const { key, chain } = this.#facts
    const { sequence, hash, seal, id } = entry
    if (hashEntry(entry.previousHash, entry) !== hash) {
      this.#tell('changed', sequence, 'Its content is not what its hash says.', id)
    } else if (key !== undefined && entry.keyId !== key.id) {
      this.#tell('other-key', sequence, `It is sealed with key ${entry.keyId}, and key ${key.id} is here.`, id)
    } else if (key !== undefined && !key.isGood('entry', { chain, sequence, hash }, seal)) {
      this.#tell('forged', sequence, 'Its hash is right, and its seal was not made by this server.', id)
    }
  }

  #checkPlace(entry: SealedAuditEntry): void {
    const { sequence, hash, previousHash, id } = entry
    const { end } = this.#facts
    this.#first = Math.min(this.#first ?? sequence, sequence)
    const previous = this.#previous ?? { sequence: sequence - 1, hash: previousHash }
    const expected = previous.sequence + 1
    if (end !== undefined && sequence > end.sequence) {
      this.#tell('added', sequence, `The chain ends with entry ${end.sequence}.`, id)
      return
    }
    if (sequence < expected) {
      if (!this.#wasMissing(sequence)) {
        this.#tell('added', sequence, 'There is an entry with this number already, or none belongs here.', id)
        return
      }
      this.#tell('moved', sequence, `It was found after entry ${previous.sequence}.`, id)
      this.#checkLink(sequence, hash)
      return
    }
    if (sequence > expected) {
      this.#missing.push([expected, sequence - 1])
      this.#expectedHashes.set(sequence - 1, previousHash)
    } else if (previousHash !== previous.hash && !this.#named.has(sequence) && !this.#named.has(previous.sequence)) {
      // This one is whole, so it is the one before that is not what it was when this one was written.
      if (previous.sequence === 0) this.#tell('changed', sequence, 'It does not begin the chain.', id)
      else this.#tell('changed', previous.sequence, `It is not the entry that entry ${sequence} followed.`)
    }
    this.#previous = { sequence, hash }
  }

  #checkLink(sequence: number, hash: string): void {
    const expected = this.#expectedHashes.get(sequence)
    if (expected === undefined || expected === hash || this.#named.has(sequence)) return
    this.#tell('changed', sequence, `It is not the entry that entry ${sequence + 1} followed.`)
  }

  #checkAnchors({ sequence, hash, chain, id }: SealedAuditEntry): void {
    const { anchors = [], key } = this.#facts
    for (const anchor of anchors) {
      if (anchor.sequence !== sequence) continue
      if (key !== undefined && !key.isGood('anchor', anchor, anchor.seal)) {
        this.#tell('forged', sequence, 'The anchor of this entry was not made by this server.', id)
      } else if (anchor.hash !== hash && anchor.chain === chain) {
        this.#tell(
          'changed',
          sequence,
          'It is not the entry that the anchor was made of: it or one before it was rewritten.',
          id,
        )
      }
    }
  }

  /** A number that could not be read any further has been seen all the same. */
  #pass(sequence: number): void {
    const expected = (this.#previous?.sequence ?? sequence - 1) + 1
    if (sequence < expected) return
    if (sequence > expected) this.#missing.push([expected, sequence - 1])
    this.#previous = { sequence, hash: '' }
    this.#first ??= sequence
  }

  #wasMissing(sequence: number): boolean {
    const range = this.#missing.find(([first, last]) => first <= sequence && sequence <= last)
    if (range === undefined) return false
    const [first, last] = range
    const parts: [number, number][] = [
      [first, sequence - 1],
      [sequence + 1, last],
    ]
    this.#missing = this.#missing.filter((each) => each !== range).concat(parts.filter(([a, b]) => a <= b))
    return true
  }

  #tellMissing(first: number, last: number): void {
    this.#tell('missing', first, first === last ? `Entry ${first} is gone.` : `Entries ${first} to ${last} are gone.`)
  }

  #tellTruncated(first: number, last: number): void {
    if (
      this.#named.has(first) &&
      this.#problems.some(({ kind, sequence }) => kind === 'truncated' && sequence === first)
    )
      return
    const what =
      first === last ? `Entry ${first}, the last one, is gone.` : `The last entries, ${first} to ${last}, are gone.`
    this.#tell('truncated', first, what)
  }

  #tell(kind: AuditProblem['kind'], sequence: number | null, detail: string, id: string | null = null): void {
    if (sequence !== null) this.#named.add(sequence)
    this.#problems.push({ kind, chain: this.#facts.chain, sequence, id, detail })
  }
}
