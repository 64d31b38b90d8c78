import { createHash, createHmac } from 'node:crypto'
import { type AuditRecord, auditRecordSchema } from '@parley/contract'
import { canonicalJson, equalSecrets, type Keyring } from '../crypto/index.ts'

/** The chain of what concerns no workspace. */
export const installationChain = '00000000-0000-0000-0000-000000000000'

/** What the first entry of a chain follows. */
export const firstHash = '0'.repeat(64)

const recordFields = Object.keys(auditRecordSchema.shape) as (keyof AuditRecord)[]

/** The hash of an entry: of all that it says, and of the one before it. */
export function hashEntry(previousHash: string, entry: AuditRecord): string {
  const record = Object.fromEntries(recordFields.map((field) => [field, entry[field]]))
  return createHash('sha256')
    .update(`parley-audit/1\n${previousHash}\n${canonicalJson(record)}`)
    .digest('hex')
}

/** A place in a chain. */
export interface Place {
  chain: string
  sequence: number
  hash: string
}

/** What a seal is for: an entry, the place where old entries were removed up to, or a place that was told elsewhere. */
export type SealPurpose = 'entry' | 'checkpoint' | 'anchor'

/** Seals places: whoever can write the database, but has not the master key, can make none. */
export interface ChainKey {
  id: string
  seal(purpose: SealPurpose, place: Place): string
  isGood(purpose: SealPurpose, place: Place, seal: string): boolean
}

export function chainKey(keyring: Pick<Keyring, 'keyId' | 'derive'>): ChainKey {
  const key = keyring.derive('audit-chain')
  const seal = (purpose: SealPurpose, { chain, sequence, hash }: Place) =>
    createHmac('sha256', key).update(`parley-audit/1\n${purpose}\n${chain}\n${sequence}\n${hash}`).digest('hex')
  return {
    id: keyring.keyId,
    seal,
    isGood: (purpose, place, given) => equalSecrets(seal(purpose, place), given),
  }
}

/** A place as one word, to be kept elsewhere: `<chain>:<sequence>:<hash>:<seal>`. */
export function makeAnchor(key: ChainKey, place: Place): string {
  return `${place.chain}:${place.sequence}:${place.hash}:${key.seal('anchor', place)}`
}

/** The place and seal of an anchor; undefined for a text that is none. */
export function parseAnchor(text: string): (Place & { seal: string }) | undefined {
  const parts = /^([0-9a-f-]{36}):([1-9][0-9]{0,15}):([0-9a-f]{64}):([0-9a-f]{64})$/.exec(text.trim())
  if (!parts) return undefined
  const [, chain = '', sequence, hash = '', seal = ''] = parts
  return { chain, sequence: Number(sequence), hash, seal }
}
