import type { BodyOf, secondFactorEndpoints } from '@parley/contract'
import { inTransaction, type Platform } from '../../../platform/context.ts'
import { hashToken } from '../../../platform/crypto/index.ts'
import { AppError } from '../../../platform/errors.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { auditAccount } from '../audit-account.ts'
import { auditRefused } from '../audit-sign-in.ts'
import type { Client } from '../client.ts'
import { checkPasskey } from '../passkeys/check-passkey.ts'
import { passkeyOptions } from '../passkeys/passkey-options.ts'
import { mailAboutSecurity, recoveryCodeUsedMail } from '../security-mails.ts'
import { type ProviderProof, type SignInProof, type SignInResult, startSession } from '../sign-in.ts'
import { checkTotp } from './check-totp.ts'
import { useRecoveryCode } from './recovery-codes.ts'
import { countRecoveryCodes, deleteChallenge, tryChallenge } from './store.ts'

/** Wrong answers to one challenge; after that the first factor is asked for again. */
const mostTries = 6

type Answer = BodyOf<typeof secondFactorEndpoints.answerSecondFactor>

/**
 * Ends a sign-in with the second factor. The challenge is good once, and only in the browser that began.
 * @throws AppError sign_in_expired, second_factor_invalid, rate_limited
 */
export async function answerChallenge(platform: Platform, answer: Answer, client: Client): Promise<SignInResult> {
  const challenge = await useChallenge(platform, answer.challenge, client, 1)
  const { userId, workspaceId } = challenge
  const refused = () => auditRefused(platform, userId, { method: answer.method, reason: 'second_factor_invalid' })
  if (answer.method === 'totp' && !(await checkTotp(platform, userId, answer.code))) {
    await refused()
    throw new AppError('second_factor_invalid', 'The code is wrong, or was used already. Wait for the next one.')
  }
  if (answer.method === 'passkey') {
    const boundTo = hashToken(client.browser ?? '')
    try {
      await checkPasskey(platform, answer.response, { purpose: 'second-factor', boundTo, userId })
    } catch (error) {
      await refused()
      throw error
    }
  }
  const result = await inTransaction(platform, async (tx) => {
    if (answer.method === 'recovery-code') {
      if (!(await useRecoveryCode(tx, userId, answer.code))) {
        return undefined
      }
      await auditAccount(tx, userId, { action: 'recovery-code.used', actorId: userId })
      const left = await countRecoveryCodes(tx.db, userId)
      await mailAboutSecurity(tx, userId, recoveryCodeUsedMail(tx, left))
      await emit(tx, { type: 'recovery-code-used', workspaceId, subjectId: userId, data: {} })
    }
    if (!(await deleteChallenge(tx.db, challenge.id))) throw expired()
    return startSession(tx, { userId, workspaceId }, client, { ...firstProof(challenge), twoFactors: true })
  })
  if (result !== undefined) return result
  await refused()
  throw new AppError('second_factor_invalid', 'This is none of your recovery codes, or it was used already.')
}

/** Options for answering a challenge with a passkey of the person. */
export async function startChallengePasskey(platform: Platform, token: string, client: Client) {
  const { userId } = await useChallenge(platform, token, client, 0)
  return passkeyOptions(platform, { purpose: 'second-factor', boundTo: hashToken(client.browser ?? ''), userId })
}

async function useChallenge(platform: Platform, token: string, client: Client, tries: number) {
  const key = { tokenHash: hashToken(token), browserHash: hashToken(client.browser ?? '') }
  const challenge = await tryChallenge(platform.db, key, platform.clock.now(), { tries, most: mostTries })
  if (challenge === undefined) throw expired()
  return challenge
}

/** How the person proved themselves before they were asked for the second factor. */
function firstProof({ method, provider }: { method: string; provider: ProviderProof | null }): SignInProof {
  if (provider !== null) return { method: 'provider', provider }
  return { method: method as Exclude<SignInProof['method'], 'provider'> }
}

function expired(): AppError {
  return new AppError('sign_in_expired', 'This sign-in took too long, or was tried too often. Begin again.')
}
