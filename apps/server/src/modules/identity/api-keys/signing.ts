import { createPublicKey, type KeyObject } from 'node:crypto'
import type { KeySigningInput } from '@parley/contract'
import type { Platform } from '../../../platform/context.ts'
import { makeSigningSecret } from '../../../platform/crypto/index.ts'
import { AppError } from '../../../platform/errors.ts'
import type { VerifyingKey } from '../../../platform/signatures/index.ts'

/** How requests with a secret of a key are signed, as it is stored. */
export type StoredSigning =
  | { algorithm: 'hmac-sha256'; sealedSecret: string }
  /** The 32 bytes in base64. */
  | { algorithm: 'ed25519'; publicKey: string }

/**
 * What to store, and for hmac-sha256 the new secret to show. A secret is sealed for its key.
 * @throws AppError invalid_request for what is no Ed25519 public key
 */
export function makeSigning(
  platform: Platform,
  keyId: string,
  input: KeySigningInput,
  pointer: string,
): { stored: StoredSigning; secret: string | null } {
  if (input.algorithm === 'ed25519') {
    return { stored: { algorithm: 'ed25519', publicKey: readPublicKey(input.publicKey, pointer) }, secret: null }
  }
  const secret = makeSigningSecret()
  return { stored: { algorithm: 'hmac-sha256', sealedSecret: platform.keyring.seal(secret, sealedFor(keyId)) }, secret }
}

/** What signatures are verified with. */
export function verifyingKey(platform: Platform, keyId: string, stored: StoredSigning): VerifyingKey {
  return stored.algorithm === 'ed25519'
    ? { algorithm: 'ed25519', publicKey: publicKeyOf(stored.publicKey) }
    : { algorithm: 'hmac-sha256', secret: platform.keyring.open(stored.sealedSecret, sealedFor(keyId)) }
}

/** The 32 bytes in base64, from PEM or base64. */
function readPublicKey(text: string, pointer: string): string {
  const problem = new AppError(
    'invalid_request',
    'This is not an Ed25519 public key. Give it as PEM, as `openssl pkey -pubout` writes it, or its 32 bytes in base64.',
    { fields: [{ pointer, message: 'Is not an Ed25519 public key.' }] },
  )
  if (text.startsWith('-----BEGIN')) {
    // From a private key OpenSSL would make the public one; here it must not even arrive.
    if (!text.startsWith('-----BEGIN PUBLIC KEY-----')) throw problem
    const key = attempt(() => createPublicKey(text))
    if (key?.asymmetricKeyType !== 'ed25519') throw problem
    return Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url').toString('base64')
  }
  if (!/^[\w+/-]{43}=?$/.test(text)) throw problem
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 32 || !attempt(() => publicKeyOf(bytes.toString('base64')))) throw problem
  return bytes.toString('base64')
}

function publicKeyOf(base64: string): KeyObject {
  const x = Buffer.from(base64, 'base64').toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function sealedFor(keyId: string): string {
  return `api-key:${keyId}:signing`
}
