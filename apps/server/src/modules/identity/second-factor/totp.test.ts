import { describe, expect, test } from 'vitest'
import { fromBase32, makeTotpSecret, matchingStep, stepOf, toBase32, totpCode, totpUri } from './totp.ts'

const seed = Buffer.from('12345678901234567890')

describe('TOTP', () => {
  // RFC 6238, appendix B, the rows of SHA-1.
  test.each([
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ])('gives the code of RFC 6238 at %i seconds', (seconds, expected) => {
    const step = stepOf(new Date(seconds * 1000))
    expect(totpCode(seed, step, 8)).toBe(expected)
    expect(totpCode(seed, step)).toBe(expected.slice(2))
    expect(matchingStep(toBase32(seed), expected.slice(2), new Date(seconds * 1000))).toBe(step)
  })

  // RFC 4226, appendix D.
  test('gives the codes of RFC 4226', () => {
    const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ')
    expect(codes.map((_, counter) => totpCode(seed, counter))).toEqual(codes)
  })

  test('takes the code of one step before and after, and of no other', () => {
    const secret = makeTotpSecret()
    const now = new Date('2026-11-25T12:00:00Z')
    const current = stepOf(now)
    const taken = [-3, -2, -1, 0, 1, 2, 3].map((away) =>
      matchingStep(secret, totpCode(fromBase32(secret), current + away), now),
    )
    expect(taken).toEqual([undefined, undefined, current - 1, current, current + 1, undefined, undefined])
    for (const wrong of ['', '12345', '1234567', 'abcdef']) expect(matchingStep(secret, wrong, now)).toBeUndefined()
  })
})

test('base32 gives the examples of RFC 4648', () => {
  const examples = { f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' }
  for (const [text, base32] of Object.entries(examples)) {
    expect(toBase32(Buffer.from(text))).toBe(base32)
    expect(fromBase32(base32).toString()).toBe(text)
  }
})

test('the address for the QR code names issuer and account, whatever is in them', () => {
  const uri = new URL(totpUri('ABC', 'Ann: & Söhne', 'ann+1@example.com'))
  expect(uri.protocol).toBe('otpauth:')
  expect(decodeURIComponent(uri.pathname)).toBe('/Ann  & Söhne:ann+1@example.com')
  expect(Object.fromEntries(uri.searchParams)).toEqual({
    secret: 'ABC',
    issuer: 'Ann: & Söhne',
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  })
})
