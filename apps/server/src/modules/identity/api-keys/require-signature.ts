import type { FastifyRequest } from 'fastify'
import type { Platform } from '../../../platform/context.ts'
import { hashToken } from '../../../platform/crypto/index.ts'
import { AppError } from '../../../platform/errors.ts'
import { expectDigest } from '../../../platform/http/index.ts'
import {
  readContentDigest,
  readSignatures,
  type Signature,
  SignatureError,
  type SignedMessage,
  type VerifyingKey,
  verifySignature,
} from '../../../platform/signatures/index.ts'
import { claimNonce } from './store.ts'

/** The longest a signature may be good. */
const longestSeconds = 300
/** How much the clock of the one who signs may be ahead. */
const clockSkewSeconds = 30
const noncePattern = /^[\x21-\x7e]{16,128}$/

/** Requests that were found to be signed well: a nonce counts once, and a socket is looked at again while it is open. */
const accepted = new WeakSet<FastifyRequest>()

/**
 * Refuses a request that is not signed with the key (RFC 9421), or whose signature does not cover what matters, is not
 * recent, or was used before. Its body is checked against the digest as it arrives, before it is parsed.
 * @throws AppError signature_invalid, saying what is wrong
 */
export async function requireSignature(
  platform: Platform,
  request: FastifyRequest,
  keyId: string,
  key: VerifyingKey,
): Promise<void> {
  if (accepted.has(request)) return
  try {
    const signature = signatureOf(request, keyId)
    const now = Math.floor(platform.clock.now().getTime() / 1000)
    const nonce = requireRecent(signature, now)
    requireCovered(signature, request)
    if (!messagesOf(platform, request).some((message) => verifySignature(message, signature, key))) {
      throw new SignatureError('The signature does not fit the request.')
    }
    if (hasBody(request)) expectDigest(request, readContentDigest(headerLines(request, 'content-digest')))
    const goodUntil = new Date((signature.expires! + clockSkewSeconds) * 1000)
    if (!(await claimNonce(platform.db, { keyId, nonce: hashToken(nonce), goodUntil }))) {
      throw new SignatureError('This signature was used before. Sign every request anew, with another nonce.')
    }
    accepted.add(request)
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error
    request.log.warn({ apiKeyId: keyId, address: request.ip, reason: error.message }, 'A signature was refused.')
    throw new AppError('signature_invalid', error.message)
  }
}

function signatureOf(request: FastifyRequest, keyId: string): Signature {
  const signatures = readSignatures(messageOf(request, request.protocol, request.host))
  if (signatures.length === 0) {
    throw new SignatureError('Requests with this API key have to be signed (HTTP Message Signatures, RFC 9421).')
  }
  const own = signatures.find((signature) => signature.keyId === keyId)
  if (!own) throw new SignatureError('No signature names this API key: its keyid has to be the id of the key.')
  return own
}

function requireRecent({ created, expires, nonce }: Signature, now: number): string {
  if (created === undefined || expires === undefined) {
    throw new SignatureError('The signature needs the parameters created and expires.')
  }
  if (nonce === undefined || !noncePattern.test(nonce)) {
    throw new SignatureError('The signature needs a nonce of 16 to 128 visible ASCII characters.')
  }
  if (created > now + clockSkewSeconds) {
    throw new SignatureError('The signature was made in the future. Set the clock of the one who signs.')
  }
  if (expires <= created || expires - created > longestSeconds) {
    throw new SignatureError(`The signature has to expire within ${longestSeconds} seconds after it was created.`)
  }
  if (expires <= now) throw new SignatureError('The signature has expired.')
  return nonce
}

function requireCovered({ covered }: Signature, request: FastifyRequest): void {
  const covers = (...names: string[]) => names.every((name) => covered.includes(name))
  if (!covers('@method')) throw new SignatureError('The signature has to cover @method.')
  if (!covers('@target-uri') && !covers('@authority', '@path', '@query')) {
    throw new SignatureError('The signature has to cover @target-uri, or @authority, @path and @query.')
  }
  if (hasBody(request) && !covers('content-digest')) {
    throw new SignatureError('A request with a body needs the header Content-Digest, covered by the signature.')
  }
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

/** The request under each address this server is known by: as it arrived, and the public one that a proxy stands for. */
function messagesOf(platform: Platform, request: FastifyRequest): SignedMessage[] {
  const publicUrl = new URL(platform.config.http.publicUrl)
  const arrived = messageOf(request, request.protocol, request.host)
  const scheme = publicUrl.protocol.slice(0, -1)
  if (scheme === arrived.scheme && publicUrl.host === arrived.authority) return [arrived]
  return [arrived, messageOf(request, scheme, publicUrl.host)]
}

function messageOf(request: FastifyRequest, scheme: string, authority: string): SignedMessage {
  return {
    method: request.method,
    scheme,
    authority,
    target: request.raw.url ?? request.url,
    header: (name) => headerLines(request, name),
  }
}

function headerLines({ raw: { rawHeaders } }: FastifyRequest, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === name)
}
