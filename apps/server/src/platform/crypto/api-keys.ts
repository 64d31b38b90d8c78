import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { hashToken } from './tokens.ts'

/*
 * An API key is 53 characters: `mcp_`, then 32 random bytes as a number in base 62 (0-9 A-Z a-z, 43 digits), then the CRC-32
 * of all 47 characters so far in base 62 (6 digits). Secret scanners find keys with /\bmcp_[0-9A-Za-z]{49}\b/ and
 * drop false alarms by the checksum; one double click selects a whole key.
 */
const PREFIX = 'mcp_'
/** Secrets that requests are signed with look alike, but for the beginning. */
const SIGNING_PREFIX = 'mcps_'
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SECRET_DIGITS = 43
const CHECKSUM_DIGITS = 6
const KEY_FORMAT = new RegExp(`^${PREFIX}[0-9A-Za-z]{${SECRET_DIGITS + CHECKSUM_DIGITS}}$`)

/** A new key: `key` to show once, `hash` (SHA-256 in hex) to store. */
export function makeApiKey(): { key: string; hash: string } {
  const key = makeSecret(PREFIX)
  return { key, hash: hashToken(key) }
}

/** A new secret to sign requests with (HMAC): shown once, stored sealed. */
export function makeSigningSecret(): string {
  return makeSecret(SIGNING_PREFIX)
}

/** The hash to look a presented key up by, or undefined for what cannot be one of our keys (no need to ask the database). */
export function parseApiKey(text: string): { hash: string } | undefined {
  if (!KEY_FORMAT.test(text)) return undefined
  const unchecked = text.slice(0, -CHECKSUM_DIGITS)
  return text === unchecked + checksum(unchecked) ? { hash: hashToken(text) } : undefined
}

function makeSecret(prefix: string): string {
  const unchecked = prefix + base62(BigInt(`0x${randomBytes(32).toString('hex')}`), SECRET_DIGITS)
  return unchecked + checksum(unchecked)
}

function checksum(text: string): string {
  return base62(BigInt(crc32(text)), CHECKSUM_DIGITS)
}

function base62(number: bigint, length: number): string {
  let digits = ''
  for (let rest = number; digits.length < length; rest /= 62n) digits = DIGITS[Number(rest % 62n)] + digits
  return digits
}
