import { generateAuthenticationOptions } from '@simplewebauthn/server'
import type { Platform } from '../../../platform/context.ts'
import { type Asked, askPasskey } from './passkey-challenges.ts'
import { relyingPartyOf } from './relying-party.ts'
import { listPasskeys } from './store.ts'

/**
 * Options for using a passkey: any of the person's, or with no person whichever the browser offers. The user is always
 * verified (by fingerprint, face or PIN), so that a passkey is two factors.
 */
export async function passkeyOptions(platform: Platform, asked: Asked) {
  const { rpId } = relyingPartyOf(platform)
  const own = asked.userId === null ? undefined : await listPasskeys(platform.db, asked.userId)
  const options = await generateAuthenticationOptions({
    rpID: rpId,
    userVerification: 'required',
    timeout: 300_000,
    ...(own === undefined
      ? {}
      : {
          allowCredentials: own
            .filter(({ blockedAt }) => blockedAt === null)
            .map(({ credentialId, transports }) => ({ id: credentialId, transports })),
        }),
  })
  await askPasskey(platform, options.challenge, asked)
  return { ...options }
}
