import type { PasskeyAssertion } from '@parley/contract'
import { type AuthenticationResponseJSON, verifyAuthenticationResponse } from '@simplewebauthn/server'
import { inTransaction, type Platform } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { findWorkspaceOf } from '../store.ts'
import { type Asked, usePasskeyChallenge } from './passkey-challenges.ts'
import { relyingPartyOf } from './relying-party.ts'
import { blockPasskey, findPasskey, type StoredPasskey, usePasskey } from './store.ts'

/**
 * Whose passkey this is, once all is checked: that it was asked for just now, for this and here; the origin; the signature;
 * that the user was verified; that its counter did not go back.
 * @throws AppError second_factor_invalid
 */
export async function checkPasskey(
  platform: Platform,
  response: PasskeyAssertion,
  asked: Asked,
): Promise<{ userId: string }> {
  const { rpId, origin } = relyingPartyOf(platform)
  const passkey = await findPasskey(platform.db, response.id)
  if (passkey === undefined || (asked.userId !== null && passkey.userId !== asked.userId)) {
    throw refused('This passkey is not known here. It may have been removed from your account.')
  }
  if (passkey.blockedAt !== null) throw blocked()
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: response as AuthenticationResponseJSON,
    expectedChallenge: (challenge) => usePasskeyChallenge(platform, challenge, asked),
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
    credential: {
      id: passkey.credentialId,
      publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
      counter: 0, // compared below, where it is also stored
    },
  }).catch((cause: unknown) => {
    throw refused('The passkey was not accepted. Try again.', cause)
  })
  if (!verified) throw refused('The passkey was not accepted. Try again.')
  // The signature is right, so the user handle can be believed: it has to be of whom the passkey belongs to.
  const { userHandle } = response.response
  if (userHandle !== undefined && userHandle !== userHandleOf(passkey.userId)) {
    throw refused('The passkey was not accepted. Try again.')
  }
  const { newCounter, credentialBackedUp } = authenticationInfo
  const now = platform.clock.now()
  if (!(await usePasskey(platform.db, passkey.id, { counter: newCounter, synced: credentialBackedUp }, now))) {
    await block(platform, passkey)
    throw blocked()
  }
  return { userId: passkey.userId }
}

/** The person's id as authenticators keep it: it says nothing about them. */
export function userHandleOf(userId: string): string {
  return Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url')
}

/** Two authenticators share one key, and which is the person's cannot be known (WebAuthn, section 7.2, step 22). */
async function block(platform: Platform, passkey: StoredPasskey): Promise<void> {
  platform.log.warn({ passkeyId: passkey.id, userId: passkey.userId }, 'A passkey was blocked: its counter went back.')
  await inTransaction(platform, async (tx) => {
    await blockPasskey(tx.db, passkey.id, tx.clock.now())
    const workspaceId = await findWorkspaceOf(tx.db, passkey.userId)
    if (workspaceId === undefined) return
    const data = { passkeyId: passkey.id }
    await emit(tx, { type: 'passkey-blocked', workspaceId, subjectId: passkey.userId, data })
  })
}

function blocked(): AppError {
  return refused(
    'This passkey is blocked: a copy of it may be in use. Sign in another way, remove it, and make a new one.',
  )
}

function refused(message: string, cause?: unknown): AppError {
  return new AppError('second_factor_invalid', message, cause === undefined ? {} : { cause })
}
