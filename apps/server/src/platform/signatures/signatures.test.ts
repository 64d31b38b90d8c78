import { createHash, createPublicKey } from 'node:crypto'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { digestCheck, readContentDigest } from './content-digest.ts'
import { readSignatures } from './read-signatures.ts'
import { type SignedMessage, signatureBase } from './signature-base.ts'
import { type VerifyingKey, verifySignature } from './verify-signature.ts'

/** The request of RFC 9421, B.2. */
const request = {
  Host: 'example.com',
  Date: 'Tue, 20 Apr 2021 02:07:55 GMT',
  'Content-Type': 'application/json',
  'Content-Digest':
    'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
  'Content-Length': '18',
}

function messageWith(
  headers: Record<string, string | string[]>,
  target = '/foo?param=Value&Pet=dog',
  method = 'POST',
): SignedMessage {
  const lines = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()] as const)
  const byName = new Map(lines)
  return { method, scheme: 'https', authority: 'Example.com:443', target, header: (name) => byName.get(name) ?? [] }
}

const ed25519: VerifyingKey = {
  algorithm: 'ed25519',
  publicKey: createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs' },
    format: 'jwk',
  }),
}

describe('the examples of RFC 9421', () => {
  test('B.2.5: hmac-sha256', () => {
    const message = messageWith({
      ...request,
      'Signature-Input': 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
      Signature: 'sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:',
    })
    const [signature] = readSignatures(message)
    expect(signatureBase(message, signature!.input)).toBe(
      [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@authority": example.com',
        '"content-type": application/json',
        '"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
      ].join('\n'),
    )
    // The RFC gives the secret as bytes in base64; ours is text.
    const bytes = 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=='
    const secret = Buffer.from(bytes, 'base64') as unknown as string
    expect(verifySignature(message, signature!, { algorithm: 'hmac-sha256', secret })).toBe(true)
    expect(verifySignature(message, signature!, { algorithm: 'hmac-sha256', secret: 'other' })).toBe(false)
    expect(verifySignature(message, signature!, ed25519)).toBe(false)
  })

  const b26 = {
    ...request,
    'Signature-Input':
      'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    Signature: 'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
  }

  test('B.2.6: ed25519', () => {
    const message = messageWith(b26)
    const [signature] = readSignatures(message)
    expect(signature).toMatchObject({ created: 1618884473, keyId: 'test-key-ed25519', expires: undefined })
    expect(verifySignature(message, signature!, ed25519)).toBe(true)
  })

  test('B.2.6 does not fit when anything that is covered is another', () => {
    const changed: [string, SignedMessage][] = [
      ['method', messageWith(b26, undefined, 'PUT')],
      ['path', messageWith(b26, '/bar?param=Value&Pet=dog')],
      ['authority', { ...messageWith(b26), authority: 'example.org' }],
      ['date', messageWith({ ...b26, Date: 'Tue, 20 Apr 2021 02:07:56 GMT' })],
      ['a second line', messageWith({ ...b26, 'Content-Type': ['application/json', 'text/plain'] })],
      ['created', messageWith({ ...b26, 'Signature-Input': b26['Signature-Input'].replace('473', '474') })],
      ['algorithm', messageWith({ ...b26, 'Signature-Input': `${b26['Signature-Input']};alg="hmac-sha256"` })],
      [
        'order',
        messageWith({
          ...b26,
          'Signature-Input': b26['Signature-Input'].replace('"date" "@method"', '"@method" "date"'),
        }),
      ],
    ]
    for (const [what, message] of changed) {
      expect([what, verifySignature(message, readSignatures(message)[0]!, ed25519)]).toEqual([what, false])
    }
    // What is not covered may change.
    const query = messageWith(b26, '/foo')
    expect(verifySignature(query, readSignatures(query)[0]!, ed25519)).toBe(true)
  })

  test('2.2: derived components', () => {
    const input = (...names: string[]) => [names.map((name) => [name, new Map()]), new Map()] as never
    const base = (target: string, name: string) =>
      signatureBase({ ...messageWith({}, target), scheme: 'http', authority: 'EXAMPLE.com:80' }, input(name)).split(
        '\n',
      )[0]
    expect(base('/path?param=value', '@target-uri')).toBe('"@target-uri": http://example.com/path?param=value')
    expect(base('/path?param=value', '@request-target')).toBe('"@request-target": /path?param=value')
    expect(base('/path?param=value&foo=bar&baz=bat%2Dman', '@query')).toBe(
      '"@query": ?param=value&foo=bar&baz=bat%2Dman',
    )
    expect(base('/path?', '@query')).toBe('"@query": ?')
    expect(base('/path', '@query')).toBe('"@query": ?')
    expect(base('/path', '@scheme')).toBe('"@scheme": http')
    expect(base('/path?q', '@path')).toBe('"@path": /path')
  })
})

describe('what cannot be checked is refused', () => {
  test.each([
    ['not a dictionary', '('],
    ['no list', 'sig="x"'],
    ['no bytes for it', 'other=("@method")'],
  ])('%s', (_what, input) => {
    expect(() => readSignatures(messageWith({ 'Signature-Input': input, Signature: 'sig=:AAAA:' }))).toThrow(
      /Signature/i,
    )
  })

  test.each([
    ['("@method" "@method")', /twice/],
    ['("@status")', /not supported/],
    ['("@query-param";name="x")', /Parameters/],
    ['("x-missing")', /not there/],
    ['("Date")', /lower case/],
    ['(1)', /strings/],
  ])('%s', (components, problem) => {
    const message = messageWith({
      ...request,
      'Signature-Input': `sig=${components};created=1`,
      Signature: 'sig=:AA==:',
    })
    expect(() => signatureBase(message, readSignatures(message)[0]!.input)).toThrow(problem)
  })

  test('a message without signatures has none', () => {
    expect(readSignatures(messageWith({}))).toEqual([])
  })
})

describe('Content-Digest (RFC 9530)', () => {
  const body = '{"hello": "world"}\n'
  const sha256 = 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:'
  const check = (header: string, content: string) =>
    text(
      Readable.from([Buffer.from(content.slice(0, 3)), Buffer.from(content.slice(3))]).compose(
        digestCheck(readContentDigest([header]), () => new Error('altered')),
      ),
    )

  test('of the example in its appendix B.1, and of another body', async () => {
    expect(await check(sha256, body)).toBe(body)
    await expect(check(sha256, body.replace('world', 'w0rld'))).rejects.toThrow('altered')
    await expect(check(sha256, '')).rejects.toThrow('altered')
  })

  test('every one that can be checked has to be right', async () => {
    const sha512 = `sha-512=:${createHash('sha512').update(body).digest('base64')}:`
    expect(await check(`${sha256}, ${sha512}, md5=:AAAA:`, body)).toBe(body)
    await expect(check(`${sha256}, sha-512=:AAAA:`, body)).rejects.toThrow('altered')
  })

  test.each(['', 'md5=:AAAA:', 'sha-256=AAAA', 'sha-256', '('])('%j is none', (header) => {
    expect(() => readContentDigest([header])).toThrow(/Content-Digest/)
  })
})
