import { createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import type { Signature } from './read-signatures.ts'
import { type SignedMessage, signatureBase } from './signature-base.ts'

/** What a signature is verified with. */
export type VerifyingKey = { algorithm: 'hmac-sha256'; secret: string } | { algorithm: 'ed25519'; publicKey: KeyObject }

/**
 * Whether the signature is the key's, over this message (RFC 9421, 3.2). That it is recent, new, and covers what matters
 * is for the caller to check.
 * @throws SignatureError when it cannot be checked
 */
export function verifySignature(message: SignedMessage, signature: Signature, key: VerifyingKey): boolean {
  // The key decides how, never the message.
  if (signature.algorithm !== undefined && signature.algorithm !== key.algorithm) return false
  const base = Buffer.from(signatureBase(message, signature.input), 'latin1')
  if (key.algorithm === 'ed25519') return verify(null, base, key.publicKey, signature.value)
  const expected = createHmac('sha256', key.secret).update(base).digest()
  return signature.value.length === expected.length && timingSafeEqual(signature.value, expected)
}
