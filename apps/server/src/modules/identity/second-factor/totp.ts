import { createHmac, randomBytes } from 'node:crypto'
import { equalSecrets } from '../../../platform/crypto/index.ts'

/** What every authenticator app can: SHA-1, six digits, a new code each 30 seconds (RFC 6238, section 5.2). */
const stepSeconds = 30
const shownDigits = 6
const secretBytes = 20

/** A new secret of 160 bits, as RFC 4226 recommends, in base32 (RFC 4648) as apps take it. */
export function makeTotpSecret(): string {
  return toBase32(randomBytes(secretBytes))
}

/** The time step that `now` is in. */
export function stepOf(now: Date): number {
  return Math.floor(now.getTime() / 1000 / stepSeconds)
}

/** The code of one time step (RFC 4226, section 5.3, with the step as counter). */
export function totpCode(secret: Buffer, step: number, digits = shownDigits): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const offset = mac[mac.length - 1]! & 0x0f
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

/**
 * The time step whose code this is: the current one, or the one before or after, for clocks that differ and people who
 * take their time. Undefined for any other code. Takes as long for every answer.
 */
export function matchingStep(secret: string, code: string, now: Date): number | undefined {
  const key = fromBase32(secret)
  const current = stepOf(now)
  let found: number | undefined
  for (const step of [current - 1, current + 1, current]) {
    if (equalSecrets(totpCode(key, step), code)) found = step
  }
  return found
}

/** What an authenticator app reads from the QR code (the Key URI format that all of them take). */
export function totpUri(secret: string, issuer: string, account: string): string {
  // A colon parts the two, and some apps take it encoded or not.
  const label = [issuer, account].map((part) => encodeURIComponent(part.replaceAll(':', ' '))).join(':')
  const parameters = { secret, issuer, algorithm: 'SHA1', digits: String(shownDigits), period: String(stepSeconds) }
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return `otpauth://totp/${label}?${query.join('&')}`
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Base32 without padding (RFC 4648, section 6). */
export function toBase32(bytes: Buffer): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(value >>> (bits - 5)) & 31]
    value &= (1 << bits) - 1
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text
}

export function fromBase32(text: string): Buffer {
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const letter of text) {
    const digit = alphabet.indexOf(letter)
    if (digit < 0) throw new RangeError('not base32')
    value = (value << 5) | digit
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push(value >>> bits)
      value &= (1 << bits) - 1
    }
  }
  return Buffer.from(bytes)
}
