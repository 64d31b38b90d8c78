import type { BodyOf, Passkey, passkeyEndpoints, ResponseOf } from '@parley/contract'
import {
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { auditAccount } from '../audit-account.ts'
import { requireRecentProof } from '../proof.ts'
import { factorAdded, factorRemoved } from '../second-factor/factors.ts'
import { findMember, lockUser } from '../store.ts'
import { waysToSignIn } from '../ways-to-sign-in.ts'
import { userHandleOf } from './check-passkey.ts'
import { type Asked, askPasskey, usePasskeyChallenge } from './passkey-challenges.ts'
import { relyingPartyOf } from './relying-party.ts'
import { deletePasskey, insertPasskey, listPasskeys, renamePasskey as rename, type StoredPasskey } from './store.ts'

/** More than anyone has devices; keeps the list of what a browser is to leave out short. */
const mostPasskeys = 25

/** The person's passkeys, oldest first. */
export async function getPasskeys(ctx: Ctx): Promise<{ data: Passkey[] }> {
  return { data: (await listPasskeys(ctx.db, ctx.actor.userId)).map(present) }
}

/**
 * Options for making a passkey: one that the authenticator finds by itself (so that no email is needed), on a device that
 * has none yet.
 * @throws AppError proof_required, unprocessable where passkeys cannot work
 */
export async function startPasskey(ctx: Ctx) {
  await requireRecentProof(ctx)
  const { rpId } = relyingPartyOf(ctx)
  const member = await findMember(ctx.db, ctx.actor.workspaceId, ctx.actor.userId)
  if (member === undefined) throw notFound('member')
  const existing = await listPasskeys(ctx.db, member.id)
  const options = await generateRegistrationOptions({
    rpName: 'Parley',
    rpID: rpId,
    userName: member.email,
    userDisplayName: member.name,
    userID: new Uint8Array(Buffer.from(userHandleOf(member.id), 'base64url')),
    timeout: 300_000,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: existing.map(({ credentialId, transports }) => ({ id: credentialId, transports })),
  })
  await askPasskey(ctx, options.challenge, askedOf(ctx))
  return { ...options }
}

/**
 * Adds the passkey that the browser made. Answers recovery codes, if the person had none.
 * @throws AppError unprocessable when it is not what was asked for, conflict
 */
export async function addPasskey(
  ctx: Ctx,
  { name, response }: BodyOf<typeof passkeyEndpoints.addPasskey>,
): Promise<ResponseOf<typeof passkeyEndpoints.addPasskey>> {
  const { rpId, origin } = relyingPartyOf(ctx)
  const { userId, credentialId } = ctx.actor
  const { registrationInfo } = await verifyRegistrationResponse({
    response: response as RegistrationResponseJSON,
    expectedChallenge: (challenge) => usePasskeyChallenge(ctx, challenge, askedOf(ctx)),
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
  }).catch((cause: unknown) => {
    throw new AppError('unprocessable', 'The passkey was not accepted. Try again.', { cause })
  })
  if (registrationInfo === undefined) throw new AppError('unprocessable', 'The passkey was not accepted. Try again.')
  const { credential, credentialBackedUp, aaguid } = registrationInfo
  const added = await inTransaction(ctx, async (tx) => {
    await lockUser(tx.db, userId)
    if ((await listPasskeys(tx.db, userId)).length >= mostPasskeys) {
      throw new AppError('conflict', `${mostPasskeys} passkeys are the most. Remove one that you do not use.`)
    }
    const passkey = await insertPasskey(
      tx.db,
      {
        userId,
        name,
        credentialId: credential.id,
        publicKey: Buffer.from(credential.publicKey).toString('base64url'),
        counter: credential.counter,
        transports: response.response.transports ?? [],
        synced: credentialBackedUp,
        aaguid,
      },
      tx.clock.now(),
    )
    if (passkey === undefined) throw new AppError('conflict', 'This passkey is in use already.')
    return { passkey: present(passkey), recoveryCodes: await factorAdded(tx, 'passkey') }
  })
  announceRevoked(ctx, { credentialId }) // it may do more now
  return added
}

/** @throws AppError not_found */
export async function renamePasskey(ctx: Ctx, id: string, name: string): Promise<Passkey> {
  const { userId } = ctx.actor
  return inTransaction(ctx, async (tx) => {
    const passkey = await rename(tx.db, userId, id, name)
    if (passkey === undefined) throw notFound('passkey')
    await auditAccount(tx, userId, { action: 'second-factor.changed', after: { factor: 'passkey', name } })
    return present(passkey)
  })
}

/**
 * Removes a passkey.
 * @throws AppError not_found, proof_required, conflict when it is the last way to sign in, or the last second factor where
 * a workspace asks for one
 */
export async function removePasskey(ctx: Ctx, id: string): Promise<void> {
  const { userId } = ctx.actor
  if (!(await listPasskeys(ctx.db, userId)).some((passkey) => passkey.id === id)) throw notFound('passkey')
  await requireRecentProof(ctx)
  await inTransaction(ctx, async (tx) => {
    await lockUser(tx.db, userId) // of two removals at once, one sees what the other left
    if (!(await deletePasskey(tx.db, userId, id))) throw notFound('passkey')
    const { password, passkey, connectedAccounts } = await waysToSignIn(tx, userId)
    if (!password && !passkey && connectedAccounts.length === 0) {
      throw new AppError('conflict', 'This is your only way to sign in. Set a password or add another passkey first.')
    }
    await factorRemoved(tx, 'passkey')
  })
}

function askedOf(ctx: Ctx): Asked {
  return { purpose: 'register', boundTo: ctx.actor.credentialId, userId: ctx.actor.userId }
}

function present(passkey: StoredPasskey): Passkey {
  return {
    id: passkey.id,
    name: passkey.name,
    synced: passkey.synced,
    createdAt: passkey.createdAt.toISOString(),
    lastUsedAt: passkey.lastUsedAt?.toISOString() ?? null,
    blockedAt: passkey.blockedAt?.toISOString() ?? null,
  }
}
