import { secondFactorEndpoints, securityEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { answerSignIn } from '../answer-sign-in.ts'
import { clientOf } from '../client.ts'
import { passkeyOptions } from '../passkeys/passkey-options.ts'
import { getSecurity, prove } from '../proof.ts'
import { answerChallenge, startChallengePasskey } from './answer-challenge.ts'
import { newRecoveryCodes } from './new-recovery-codes.ts'
import { getPolicy, setPolicy } from './policy.ts'
import { resetSecondFactor } from './reset.ts'
import { confirmTotp, removeTotp, startTotp } from './set-up-totp.ts'

/** Mounts the second step of a sign-in, authenticator app and recovery codes, the workspace's policy, and proofs. */
export function mountSecondFactor(http: Http): void {
  http.publicRoute(secondFactorEndpoints.answerSecondFactor, async (ctx, { body }, { request, reply }) => {
    const client = clientOf(ctx.config, request)
    return answerSignIn(ctx, reply, client, await answerChallenge(ctx, body, client))
  })
  http.publicRoute(secondFactorEndpoints.startSecondFactorPasskey, (ctx, { body }, { request }) =>
    startChallengePasskey(ctx, body.challenge, clientOf(ctx.config, request)),
  )

  http.route(secondFactorEndpoints.startTotp, (ctx) => startTotp(ctx))
  http.route(secondFactorEndpoints.confirmTotp, (ctx, { body }) => confirmTotp(ctx, body.code))
  http.route(secondFactorEndpoints.removeTotp, (ctx) => removeTotp(ctx))
  http.route(secondFactorEndpoints.makeRecoveryCodes, (ctx) => newRecoveryCodes(ctx))

  http.route(secondFactorEndpoints.getSecondFactorPolicy, (ctx) => getPolicy(ctx))
  http.route(secondFactorEndpoints.setSecondFactorPolicy, (ctx, { body }) => setPolicy(ctx, body))
  http.route(secondFactorEndpoints.resetSecondFactor, (ctx, { params }) => resetSecondFactor(ctx, params.id))

  http.route(securityEndpoints.getSecurity, (ctx) => getSecurity(ctx))
  http.route(securityEndpoints.prove, (ctx, { body }, { request }) => prove(ctx, body, request.ip))
  http.route(securityEndpoints.startProofPasskey, (ctx) => {
    const { credentialId, userId } = ctx.actor
    return passkeyOptions(ctx, { purpose: 'proof', boundTo: credentialId, userId })
  })
}
