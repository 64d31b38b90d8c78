import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** An unguessable token: `bytes` random bytes (default 32) as base64url. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

/** SHA-256 in hex, the form in which tokens are stored. Enough for random tokens; passwords need a slow hash. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Compares two secrets in a time that tells nothing about them, not even their lengths. */
export function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
}
