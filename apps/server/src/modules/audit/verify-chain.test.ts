import { randomBytes } from 'node:crypto'
import type { SealedAuditEntry } from '@parley/contract'
import { describe, expect, test } from 'vitest'
import { chainKey, firstHash, hashEntry, makeAnchor, parseAnchor } from '../../platform/audit/index.ts'
import { newId } from '../../platform/crypto/index.ts'
import { type ChainFacts, ChainVerifier } from './verify-chain.ts'

const chain = newId()
const keyring = (secret: Buffer, keyId = 'abcd1234') => ({ keyId, derive: () => secret })
const secret = randomBytes(32)
const key = chainKey(keyring(secret))

function makeChain(count: number): SealedAuditEntry[] {
  let previousHash = firstHash
  return Array.from({ length: count }, (_, index) => {
    const entry = sealed(
      {
        chain,
        sequence: index + 1,
        id: newId(),
        at: new Date(1_760_000_000_000 + index * 1000).toISOString(),
        action: 'role.changed',
        outcome: 'done',
        actorKind: 'session',
        actorId: newId(),
        credentialId: newId(),
        subjectKind: 'role',
        subjectId: newId(),
        subjectName: 'Support',
        before: { name: 'Help', scopes: ['files:read'] },
        after: { name: 'Support', scopes: ['files:read', 'files:write'] },
        address: '192.0.2.1',
        userAgent: 'a browser',
        requestId: newId(),
        keyId: key.id,
      },
      previousHash,
    )
    previousHash = entry.hash
    return entry
  })
}

/** As somebody writes it who has this key; anyone can compute the hash. */
function sealed(record: Parameters<typeof hashEntry>[1], previousHash: string, by = key): SealedAuditEntry {
  const hash = hashEntry(previousHash, record)
  const { chain, sequence } = record
  return { ...record, previousHash, hash, seal: by.seal('entry', { chain, sequence, hash }) }
}

function verify(entries: readonly unknown[], facts: Partial<ChainFacts> = {}) {
  const verifier = new ChainVerifier({ chain, checkpoint: null, key, ...facts })
  for (const entry of entries) verifier.take(entry)
  return verifier.finish().map(({ kind, sequence }) => `${kind} ${sequence}`)
}

const whole = makeChain(8)
const end = { sequence: 8, hash: whole[7]!.hash }
const changed = (sequence: number, change: Partial<SealedAuditEntry>) =>
  whole.map((entry) => (entry.sequence === sequence ? { ...entry, ...change } : entry))

describe('P15: any changed, removed or reordered entry is named', () => {
  test('a whole chain has nothing wrong, with the key and without', () => {
    expect(verify(whole, { end })).toEqual([])
    expect(verify(whole, { end, key: undefined })).toEqual([])
  })

  const other: { [Field in keyof SealedAuditEntry]: SealedAuditEntry[Field] } = {
    chain: newId(),
    sequence: 77,
    id: newId(),
    at: '2020-01-01T00:00:00.000Z',
    action: 'role.deleted',
    outcome: 'refused',
    actorKind: 'system',
    actorId: newId(),
    credentialId: newId(),
    subjectKind: 'group',
    subjectId: newId(),
    subjectName: 'Others',
    before: { name: 'Help', scopes: [] },
    after: null,
    address: '192.0.2.2',
    userAgent: null,
    requestId: newId(),
    keyId: 'ffffffff',
    previousHash: 'a'.repeat(64),
    hash: 'b'.repeat(64),
    seal: 'c'.repeat(64),
  }

  test.each(Object.keys(other) as (keyof SealedAuditEntry)[])('a changed %s', (field) => {
    const found = verify(changed(4, { [field]: other[field] }), { end })
    const at = field === 'sequence' ? 77 : 4
    expect(found.some((problem) => problem.endsWith(` ${at}`))).toBe(true)
    // Nothing else is blamed, but what a wrong number or a foreign entry leaves a gap of.
    expect(found.filter((problem) => !/ (4|77)$/.test(problem) && !problem.startsWith('missing 5'))).toEqual([])
    if (field === 'seal') expect(found).toEqual(['forged 4'])
    if (!['seal', 'chain', 'sequence'].includes(field)) expect(found).toEqual(['changed 4'])
    // Without the key all but the seal shows.
    expect(verify(changed(4, { [field]: other[field] }), { end, key: undefined }).length > 0).toBe(field !== 'seal')
  })

  test('several at once, each of them', () => {
    const both = changed(2, { address: null }).map((entry) =>
      entry.sequence === 7 ? { ...entry, after: null } : entry,
    )
    expect(verify(both, { end })).toEqual(['changed 2', 'changed 7'])
  })

  test('one with a right hash of what it was changed to: by its seal, or by what follows it', () => {
    const { previousHash, hash: _, seal: __, ...record } = whole[3]!
    const attacker = chainKey(keyring(randomBytes(32)))
    const forged = sealed({ ...record, address: null }, previousHash, attacker)
    const entries = whole.map((entry) => (entry.sequence === 4 ? forged : entry))
    expect(verify(entries, { end })).toEqual(['forged 4'])
    expect(verify(entries, { end, key: undefined })).toEqual(['changed 4'])
  })

  test('a whole rest that was written anew: by its seals, or by an anchor that was kept elsewhere', () => {
    const attacker = chainKey(keyring(randomBytes(32)))
    let previousHash = whole[2]!.hash
    const rest = whole.slice(3).map(({ previousHash: _, hash: __, seal: ___, ...record }) => {
      const entry = sealed({ ...record, address: null }, previousHash, attacker)
      previousHash = entry.hash
      return entry
    })
    const entries = [...whole.slice(0, 3), ...rest]
    const newEnd = { sequence: 8, hash: rest.at(-1)!.hash }
    expect(verify(entries, { end: newEnd })).toEqual([4, 5, 6, 7, 8].map((sequence) => `forged ${sequence}`))
    const anchors = [parseAnchor(makeAnchor(key, { chain, ...end }))!]
    expect(verify(entries, { end: newEnd, key: undefined })).toEqual([])
    expect(verify(entries, { end: newEnd, key: undefined, anchors })).toEqual(['changed 8'])
  })

  test('removed ones: in the middle, several, the first, the last', () => {
    const without = (...gone: number[]) => whole.filter(({ sequence }) => !gone.includes(sequence))
    expect(verify(without(4), { end })).toEqual(['missing 4'])
    expect(verify(without(3, 4, 6), { end })).toEqual(['missing 3', 'missing 6'])
    expect(verify(without(1), { end })).toEqual(['missing 1'])
    expect(verify(without(8), { end })).toEqual(['truncated 8'])
    expect(verify(without(7, 8), { end })).toEqual(['truncated 7'])
    expect(verify([], { end })).toEqual(['truncated 1'])
  })

  test('an end that was cut off together with what says where it is: by an anchor', () => {
    const entries = whole.slice(0, 6)
    const cut = { sequence: 6, hash: entries[5]!.hash }
    const anchors = [parseAnchor(makeAnchor(key, { chain, ...end }))!]
    expect(verify(entries, { end: cut })).toEqual([])
    expect(verify(entries, { end: cut, anchors })).toEqual(['truncated 7'])
  })

  test('swapped and moved ones', () => {
    const order = (...numbers: number[]) => numbers.map((number) => whole[number - 1]!)
    expect(verify(order(1, 2, 4, 3, 5, 6, 7, 8), { end })).toEqual(['moved 3'])
    expect(verify(order(1, 3, 4, 5, 2, 6, 7, 8), { end })).toEqual(['moved 2'])
    expect(verify(order(8, 7, 6, 5, 4, 3, 2, 1), { end })).toHaveLength(7)
    // Numbers exchanged: neither says what it was sealed with.
    const [third, fourth] = [whole[2]!, whole[3]!]
    const exchanged = whole.with(2, { ...fourth, sequence: 3 }).with(3, { ...third, sequence: 4 })
    expect(verify(exchanged, { end })).toEqual(['changed 3', 'changed 4'])
  })

  test('a moved one that was changed, too', () => {
    const { previousHash, hash: _, seal: __, ...record } = whole[2]!
    const third = sealed({ ...record, address: null }, previousHash)
    const entries = [whole[0], whole[1], whole[3], third, ...whole.slice(4)]
    expect(verify(entries, { end })).toContain('moved 3')
  })

  test('added ones: at the end, twice, from another log', () => {
    const attacker = chainKey(keyring(randomBytes(32)))
    const { previousHash: _, hash, seal: __, ...record } = whole[7]!
    const ninth = sealed({ ...record, sequence: 9, id: newId() }, hash, attacker)
    expect(verify([...whole, ninth], { end })).toEqual(['forged 9', 'added 9'])
    expect(verify([...whole, ninth], { end, key: undefined })).toEqual(['added 9'])
    expect(verify(whole.toSpliced(4, 0, whole[3]!), { end })).toEqual(['added 4'])
    expect(verify([...whole, { ...whole[0]!, chain: newId() }], { end })).toContain('added 1')
  })

  test('what is no entry', () => {
    expect(verify(whole.toSpliced(3, 1, { sequence: 4 } as never), { end })).toEqual(['unreadable 4'])
    expect(verify([...whole, 'nothing'], { end })).toEqual(['unreadable null'])
  })

  test('entries removed by the server go on from its seal, and from no other', () => {
    const place = { chain, sequence: 3, hash: whole[2]!.hash }
    const checkpoint = { ...place, keyId: key.id, seal: key.seal('checkpoint', place) }
    const rest = whole.slice(3)
    expect(verify(rest, { end, checkpoint })).toEqual([])
    expect(verify(rest.slice(1), { end, checkpoint })).toEqual(['missing 4'])
    // The seal of an entry is not the server's word that it removed what is before it.
    expect(verify(rest, { end, checkpoint: { ...checkpoint, seal: whole[2]!.seal } })).toEqual(['forged 3'])
    expect(verify(rest, { end, checkpoint: { ...checkpoint, keyId: 'ffffffff' } })).toEqual(['other-key 3'])
  })

  test('an excerpt: each entry, and not what is missing', () => {
    const some = whole.filter(({ sequence }) => sequence % 3 === 0)
    expect(verify(some, { sieved: true, checkpoint: undefined })).toEqual([])
    expect(verify([some[0], { ...some[1]!, address: null }], { sieved: true, checkpoint: undefined })).toEqual([
      'changed 6',
    ])
  })

  test('another key is told apart from a forgery', () => {
    expect(verify(whole.slice(0, 2), { key: chainKey(keyring(randomBytes(32), '00000000')) })).toEqual([
      'other-key 1',
      'other-key 2',
    ])
  })
})
