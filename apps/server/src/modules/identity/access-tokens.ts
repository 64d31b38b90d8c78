import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { Role } from '@parley/contract'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { type Platform, perServer } from '../../platform/context.ts'

/** How long an access token is good. */
export const accessTokenSeconds = 15 * 60

const claimsSchema = z.object({ sid: z.uuid(), wid: z.uuid(), exp: z.int() })

// PKCS #8 of an Ed25519 key (RFC 8410) up to the 32 bytes of the key itself.
const ed25519Header = Buffer.from('302e020100300506032b657004220420', 'hex')

/** From the master key, so that every replica signs alike and nothing needs to be stored. */
const signingKeys = perServer(({ keyring }) => {
  const der = Buffer.concat([ed25519Header, keyring.derive('access-token/ed25519')])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
})

/** A JWT (RFC 7519, EdDSA) for one session: `sub` the person, `sid` the session, `wid` the workspace, `role` there. */
export function signAccessToken(
  platform: Platform,
  session: { id: string; userId: string; workspaceId: string; role: Role },
): Promise<string> {
  const issuedAt = Math.floor(platform.clock.now().getTime() / 1000)
  const { publicUrl } = platform.config.http
  return new SignJWT({ sid: session.id, wid: session.workspaceId, role: session.role })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
    .setSubject(session.userId)
    .setIssuer(publicUrl)
    .setAudience(publicUrl)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + accessTokenSeconds)
    .sign(signingKeys(platform).privateKey)
}

/**
 * What a genuine, unexpired access token says; undefined for any other text. The role it carries is for the client:
 * what may be done is looked up with the session, which may have ended since.
 */
export async function readAccessToken(
  platform: Platform,
  token: string,
): Promise<{ sessionId: string; workspaceId: string; expiresAt: Date } | undefined> {
  const { publicUrl } = platform.config.http
  try {
    const { payload } = await jwtVerify(token, signingKeys(platform).publicKey, {
      algorithms: ['EdDSA'],
      issuer: publicUrl,
      audience: publicUrl,
      currentDate: platform.clock.now(),
    })
    const { sid, wid, exp } = claimsSchema.parse(payload)
    return { sessionId: sid, workspaceId: wid, expiresAt: new Date(exp * 1000) }
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined
    throw error
  }
}
