import type { SecondFactorMethod, SecondFactorRequired } from '@parley/contract'
import type { Platform } from '../../../platform/context.ts'
import { hashToken, newId, randomToken } from '../../../platform/crypto/index.ts'
import { AppError } from '../../../platform/errors.ts'
import type { Member } from '../add-person.ts'
import type { Client } from '../client.ts'
import type { SignInProof } from '../sign-in.ts'
import { insertChallenge } from './store.ts'

/** How long the second factor may take. */
const challengeMs = 10 * 60_000

/** Notes that somebody has shown the first factor, and asks for the second. */
export async function askForSecondFactor(
  platform: Platform,
  member: Member,
  client: Client,
  proof: SignInProof,
  methods: SecondFactorMethod[],
): Promise<SecondFactorRequired> {
  if (client.browser === undefined) throw new AppError('unprocessable', 'The second factor is asked for in a browser.')
  const now = platform.clock.now()
  const challenge = randomToken()
  const expiresAt = new Date(now.getTime() + challengeMs)
  await insertChallenge(
    platform.db,
    {
      id: newId(),
      tokenHash: hashToken(challenge),
      browserHash: hashToken(client.browser),
      userId: member.userId,
      workspaceId: member.workspaceId,
      method: proof.method,
      provider: proof.provider === undefined ? null : JSON.stringify(proof.provider),
      expiresAt,
    },
    now,
  )
  return { secondFactorRequired: true, challenge, methods, expiresAt: expiresAt.toISOString() }
}
