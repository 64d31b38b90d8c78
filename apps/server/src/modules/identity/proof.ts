import type { BodyOf, ProofMethod, Security, securityEndpoints } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { announceRevoked } from './announce-revoked.ts'
import { checkPasskey } from './passkeys/check-passkey.ts'
import { passkeyOrigin } from './passkeys/relying-party.ts'
import { countPasskeys } from './passkeys/store.ts'
import { checkPassword } from './passwords.ts'
import { checkTotp } from './second-factor/check-totp.ts'
import { getPolicy } from './second-factor/policy.ts'
import { countRecoveryCodes, findTotp, markSecondFactorShown, secondFactorsOf } from './second-factor/store.ts'
import { forgiveTries, takeTry } from './sign-in-throttle.ts'
import { findProof, getPasswordHash, markProven } from './store.ts'

/** How long a proof is good for sensitive changes. */
const provenMs = 10 * 60_000

/**
 * For changes that someone at an open screen, or with a stolen cookie, must not make: passes if the person has proven
 * themselves in this session within ten minutes. Where they have a second factor, the session must have shown it. An API
 * key proves nothing and is asked nothing: what it may do was decided when it was made.
 * @throws AppError proof_required
 */
export async function requireRecentProof(ctx: Ctx): Promise<void> {
  if (ctx.actor.kind !== 'session') return
  const { provenUntil, factorMissing } = await stateOf(ctx)
  if (provenUntil !== null && !factorMissing) return
  throw new AppError('proof_required', 'Confirm that it is you first: with your password, a code or a passkey.')
}

/**
 * Proves that it is the person who sits there.
 * @throws AppError invalid_credentials, second_factor_invalid, rate_limited, proof_required when a password is not enough
 */
export async function prove(
  ctx: Ctx,
  proof: BodyOf<typeof securityEndpoints.prove>,
  address: string,
): Promise<{ provenUntil: string }> {
  const { userId, credentialId } = ctx.actor
  const now = ctx.clock.now()
  if (proof.method === 'password') {
    if ((await stateOf(ctx)).factorMissing) {
      throw new AppError('proof_required', 'You have a second factor: confirm with a code or a passkey.')
    }
    await takeTry(ctx, address, userId)
    if (!(await checkPassword(proof.password, await getPasswordHash(ctx.db, userId)))) {
      throw new AppError('invalid_credentials', 'The password is wrong.', {
        fields: [{ pointer: '/password', message: 'Is wrong.' }],
      })
    }
    forgiveTries(ctx, address, userId)
    await markProven(ctx.db, credentialId, now)
  } else {
    if (proof.method === 'totp') {
      if (!(await checkTotp(ctx, userId, proof.code))) {
        throw new AppError('second_factor_invalid', 'The code is wrong, or was used already. Wait for the next one.', {
          fields: [{ pointer: '/code', message: 'Is wrong.' }],
        })
      }
    } else {
      await checkPasskey(ctx, proof.response, { purpose: 'proof', boundTo: credentialId, userId })
    }
    await markSecondFactorShown(ctx.db, credentialId, now)
    announceRevoked(ctx, { credentialId }) // it may do more now
  }
  return { provenUntil: new Date(now.getTime() + provenMs).toISOString() }
}

/** How the signed-in person's account is secured. */
export async function getSecurity(ctx: Ctx): Promise<Security> {
  const { userId } = ctx.actor
  const state = await stateOf(ctx)
  const hasPassword = (await getPasswordHash(ctx.db, userId)) !== null
  const totp = await findTotp(ctx.db, userId)
  const totpSince = totp?.secret == null ? null : totp.confirmedAt
  const passkeys = await countPasskeys(ctx.db, userId)
  const origin = passkeyOrigin(ctx.config)
  const proofMethods: ProofMethod[] = []
  if (hasPassword && !state.factorMissing) proofMethods.push('password')
  if (totpSince !== null) proofMethods.push('totp')
  if (passkeys > 0 && origin !== null) proofMethods.push('passkey')
  return {
    hasPassword,
    totpSince: totpSince?.toISOString() ?? null,
    passkeys,
    recoveryCodesLeft: await countRecoveryCodes(ctx.db, userId),
    passkeyOrigin: origin,
    policy: await getPolicy(ctx),
    secondFactorShown: state.shown,
    provenUntil: state.factorMissing ? null : (state.provenUntil?.toISOString() ?? null),
    proofMethods,
  }
}

async function stateOf(ctx: Ctx): Promise<{ provenUntil: Date | null; shown: boolean; factorMissing: boolean }> {
  const { provenAt = null, secondFactorAt = null } = (await findProof(ctx.db, ctx.actor.credentialId)) ?? {}
  const until = provenAt === null ? null : new Date(provenAt.getTime() + provenMs)
  const shown = secondFactorAt !== null
  return {
    provenUntil: until !== null && until > ctx.clock.now() ? until : null,
    shown,
    factorMissing: !shown && (await secondFactorsOf(ctx.db, ctx.actor.userId)).length > 0,
  }
}
