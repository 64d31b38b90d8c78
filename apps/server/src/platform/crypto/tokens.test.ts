import { describe, expect, test } from 'vitest'
import { equalSecrets, hashToken, isId, makeApiKey, newId, parseApiKey, randomToken } from './index.ts'

describe('API keys', () => {
  test('have one format and length, and are known by their hash', () => {
    for (let i = 0; i < 200; i++) {
      const { key, hash } = makeApiKey()
      expect(key).toMatch(/^mcp_[0-9A-Za-z]{49}$/)
      expect(hash).toBe(hashToken(key))
      expect(parseApiKey(key)).toEqual({ hash })
    }
  })

  test('the checksum finds every single wrong character', () => {
    const { key } = makeApiKey()
    for (let at = 0; at < key.length; at++) {
      const wrong = key.slice(0, at) + (key[at] === 'a' ? 'b' : 'a') + key.slice(at + 1)
      expect(parseApiKey(wrong)).toBeUndefined()
    }
  })

  test('a key of the first release stays valid', () => {
    expect(parseApiKey(`mcp_${'0'.repeat(42)}1410O3a`)).toBeDefined()
  })

  test('what is not a key is told apart without a look-up', () => {
    const { key } = makeApiKey()
    const wrong = [
      '',
      'mcp_',
      key.slice(0, -1),
      `${key}0`,
      ` ${key}`,
      `${key}\n`,
      key.replace('mcp_', 'sk__'),
      key.replace('_', '-'),
    ]
    for (const text of wrong) expect(parseApiKey(text)).toBeUndefined()
  })
})

describe('tokens', () => {
  test('are random, of the length asked for', () => {
    expect(Buffer.from(randomToken(), 'base64url')).toHaveLength(32)
    expect(Buffer.from(randomToken(16), 'base64url')).toHaveLength(16)
    expect(new Set(Array.from({ length: 100 }, () => randomToken())).size).toBe(100)
  })

  test('hash to SHA-256 in hex', () => {
    expect(hashToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  test('compare equal only when they are', () => {
    expect(equalSecrets('abc', 'abc')).toBe(true)
    for (const other of ['abd', 'ab', 'abcd', '', 'ABC']) expect(equalSecrets('abc', other)).toBe(false)
  })
})

describe('ids', () => {
  test('are UUIDv7 that sort as they were made', () => {
    const ids = Array.from({ length: 1000 }, newId)
    expect(ids.every(isId)).toBe(true)
    expect(ids).toEqual([...new Set(ids)].sort())
    expect(Math.abs(Number.parseInt(ids[0]!.replace('-', '').slice(0, 12), 16) - Date.now())).toBeLessThan(5000)
  })

  test('nothing else is an id', () => {
    const id = newId()
    const others = [
      '',
      id.toUpperCase(),
      `${id} `,
      `${id}\n`,
      id.replaceAll('-', ''),
      `{${id}}`,
      crypto.randomUUID(),
      7,
      null,
      [id],
    ]
    for (const other of others) expect(isId(other)).toBe(false)
  })
})
