import type { ResponseOf, secondFactorEndpoints } from '@parley/contract'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { requireRecentProof } from '../proof.ts'
import { findMember } from '../store.ts'
import { totpContext } from './check-totp.ts'
import { factorAdded, factorRemoved } from './factors.ts'
import { activateTotp, clearTotp, findTotp, savePendingTotp } from './store.ts'
import { makeTotpSecret, matchingStep, totpUri } from './totp.ts'
import { limitTries } from './tries.ts'

/** How long an app may take to be set up. */
const pendingMs = 15 * 60_000

/**
 * Begins to set up an authenticator app. One that is in use goes on until the new one is confirmed.
 * @throws AppError proof_required
 */
export async function startTotp(ctx: Ctx): Promise<ResponseOf<typeof secondFactorEndpoints.startTotp>> {
  await requireRecentProof(ctx)
  const { userId, workspaceId } = ctx.actor
  const member = await findMember(ctx.db, workspaceId, userId)
  if (member === undefined) throw notFound('member')
  const secret = makeTotpSecret()
  const pendingUntil = new Date(ctx.clock.now().getTime() + pendingMs)
  await savePendingTotp(ctx.db, userId, ctx.keyring.seal(secret, totpContext(userId)), pendingUntil)
  const issuer = `Parley ${new URL(ctx.config.http.publicUrl).host}`
  return { secret, uri: totpUri(secret, issuer, member.email), expiresAt: pendingUntil.toISOString() }
}

/**
 * The app shows the right code: it counts from now on. Answers recovery codes, if the person had none.
 * @throws AppError conflict when none is being set up, second_factor_invalid, rate_limited
 */
export async function confirmTotp(ctx: Ctx, code: string): Promise<{ recoveryCodes: string[] | null }> {
  const { userId } = ctx.actor
  const now = ctx.clock.now()
  const factor = await findTotp(ctx.db, userId)
  const { pendingSecret = null, pendingUntil = null } = factor ?? {}
  if (pendingSecret === null || pendingUntil === null || pendingUntil <= now) {
    throw new AppError('conflict', 'No authenticator app is being set up, or it took too long. Begin anew.')
  }
  let step: number | undefined
  const right = await limitTries(ctx, userId, async () => {
    step = matchingStep(ctx.keyring.open(pendingSecret, totpContext(userId)), code, now)
    return step !== undefined
  })
  if (!right || step === undefined) {
    throw new AppError('second_factor_invalid', 'The code is wrong. Check that the clock of your device is right.', {
      fields: [{ pointer: '/code', message: 'Is wrong.' }],
    })
  }
  const usedStep = step
  const recoveryCodes = await inTransaction(ctx, async (tx) => {
    if (!(await activateTotp(tx.db, userId, pendingSecret, usedStep, now))) {
      throw new AppError('conflict', 'The authenticator app was set up in another window meanwhile.')
    }
    return factorAdded(tx, 'totp')
  })
  announceRevoked(ctx, { credentialId: ctx.actor.credentialId }) // it may do more now
  return { recoveryCodes }
}

/**
 * Removes the authenticator app.
 * @throws AppError proof_required, not_found, conflict when a workspace asks for a second factor and this is the last
 */
export async function removeTotp(ctx: Ctx): Promise<void> {
  await requireRecentProof(ctx)
  await inTransaction(ctx, async (tx) => {
    if (!(await clearTotp(tx.db, tx.actor.userId))) throw notFound('authenticator app')
    await factorRemoved(tx, 'totp')
  })
}
