import { createHash, timingSafeEqual } from 'node:crypto'
import { Transform } from 'node:stream'
import { parseDictionary } from 'structured-headers'
import { SignatureError } from './signature-base.ts'

const algorithms: Record<string, string> = { 'sha-256': 'sha256', 'sha-512': 'sha512' }

/** A digest that a body has to have. */
export interface ExpectedDigest {
  algorithm: string
  digest: Buffer
}

/**
 * The digests of a `Content-Digest` header (RFC 9530) that can be checked here: those by SHA-256 and SHA-512.
 * @throws SignatureError when there is none
 */
export function readContentDigest(lines: string[]): ExpectedDigest[] {
  let members: ReturnType<typeof parseDictionary>
  try {
    members = parseDictionary(lines.join(', '))
  } catch (cause) {
    throw new SignatureError('The header Content-Digest is not well-formed.', { cause })
  }
  const digests: ExpectedDigest[] = []
  for (const [name, [value]] of members) {
    const algorithm = algorithms[name]
    if (algorithm && value instanceof ArrayBuffer) digests.push({ algorithm, digest: Buffer.from(value) })
  }
  if (digests.length === 0) throw new SignatureError('Content-Digest has to hold a sha-256 or sha-512 of the body.')
  return digests
}

/** Passes a body on, and fails with `onMismatch` in place of its end when it is not the one that was digested. */
export function digestCheck(expected: readonly ExpectedDigest[], onMismatch: () => Error): Transform {
  const hashes = expected.map(({ algorithm, digest }) => ({ hash: createHash(algorithm), digest }))
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (const { hash } of hashes) hash.update(chunk)
      done(null, chunk)
    },
    flush(done) {
      const right = hashes.every(({ hash, digest }) => {
        const actual = hash.digest()
        return actual.length === digest.length && timingSafeEqual(actual, digest)
      })
      done(right ? null : onMismatch())
    },
  })
}
