import type { Role } from '@parley/contract'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { Platform } from '../../../platform/context.ts'
import { newId } from '../../../platform/crypto/index.ts'
import { accessTokenSeconds } from './lifetime.ts'
import { tokenKeys } from './token-keys.ts'

// Nothing beside these: a header that names a key in any other way (jwk, jku, x5u, x5c) is none of ours.
const headerSchema = z.strictObject({ alg: z.literal('EdDSA'), typ: z.literal('JWT'), kid: z.string().max(100) })
const claimsSchema = z.object({ sid: z.uuid(), wid: z.uuid(), sub: z.uuid(), exp: z.int(), iat: z.int() })
/** How far the clocks of two replicas may be apart. */
const clockSkewSeconds = 5

/** A JWT (RFC 7519, EdDSA) for one session: `sub` the person, `sid` the session, `wid` the workspace, `role` there. */
export async function signAccessToken(
  platform: Platform,
  session: { id: string; userId: string; workspaceId: string; role: Role },
): Promise<string> {
  const now = platform.clock.now()
  const { id: kid, privateKey } = await tokenKeys(platform).signing(platform)
  const issuedAt = Math.floor(now.getTime() / 1000)
  const { publicUrl } = platform.config.http
  return new SignJWT({ sid: session.id, wid: session.workspaceId, role: session.role })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid })
    .setSubject(session.userId)
    .setIssuer(publicUrl)
    .setAudience(publicUrl)
    .setJti(newId())
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + accessTokenSeconds)
    .sign(privateKey)
}

/**
 * What a genuine, unexpired access token says; undefined for any other text. The role it carries is for the client:
 * what may be done is looked up with the session, which may have ended since.
 */
export async function readAccessToken(
  platform: Platform,
  token: string,
): Promise<{ sessionId: string; userId: string; workspaceId: string; expiresAt: Date } | undefined> {
  const [header, claims, signature, ...rest] = token.split('.')
  if (rest.length > 0 || !isAsWritten(header) || !isAsWritten(claims) || !isBase64url(signature)) return undefined
  const known = headerSchema.safeParse(JSON.parse(decode(header)))
  if (!known.success) return undefined
  const now = platform.clock.now()
  const key = await tokenKeys(platform).find(platform, known.data.kid)
  if (key === undefined) return undefined
  const { publicUrl } = platform.config.http
  try {
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: ['EdDSA'],
      typ: 'JWT',
      issuer: publicUrl,
      audience: publicUrl,
      maxTokenAge: accessTokenSeconds,
      clockTolerance: clockSkewSeconds,
      currentDate: now,
    })
    const { sid, wid, sub, exp } = claimsSchema.parse(payload)
    const expiresAt = new Date(exp * 1000)
    return expiresAt > now ? { sessionId: sid, userId: sub, workspaceId: wid, expiresAt } : undefined
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined
    throw error
  }
}

/** JSON in base64url, byte for byte as we write it: so that no field comes twice and no reader sees another than we do. */
function isAsWritten(part: string | undefined): part is string {
  if (!isBase64url(part)) return false
  const text = decode(part)
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && JSON.stringify(value) === text
  } catch {
    return false
  }
}

/** Base64url that encodes back to itself: no padding, no spare bits set. */
function isBase64url(part: string | undefined): part is string {
  return part !== undefined && Buffer.from(part, 'base64url').toString('base64url') === part
}

function decode(part: string): string {
  return Buffer.from(part, 'base64url').toString('utf8')
}
