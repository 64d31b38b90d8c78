import type { PasskeyAssertion } from '@parley/contract'
import type { Platform } from '../../../platform/context.ts'
import { hashToken } from '../../../platform/crypto/index.ts'
import { AppError } from '../../../platform/errors.ts'
import { auditRefused } from '../audit-sign-in.ts'
import type { Client } from '../client.ts'
import { completeSignIn, type SignInOutcome } from '../sign-in.ts'
import { takeTry } from '../sign-in-throttle.ts'
import { findWorkspaceOf } from '../store.ts'
import { checkPasskey } from './check-passkey.ts'
import { passkeyOptions } from './passkey-options.ts'

/** Options for signing in with whatever passkey the browser offers. */
export async function startPasskeySignIn(platform: Platform, client: Client) {
  await takeTry(platform, client.address, undefined)
  return passkeyOptions(platform, { purpose: 'sign-in', boundTo: hashToken(client.browser ?? ''), userId: null })
}

/**
 * Signs in by passkey alone: it verified its user, so it is two factors.
 * @throws AppError second_factor_invalid, invalid_credentials when the person is in no workspace, rate_limited
 */
export async function signInWithPasskey(
  platform: Platform,
  response: PasskeyAssertion,
  client: Client,
): Promise<SignInOutcome> {
  await takeTry(platform, client.address, undefined)
  const boundTo = hashToken(client.browser ?? '')
  const asked = { purpose: 'sign-in', boundTo, userId: null } as const
  const { userId } = await checkPasskey(platform, response, asked).catch(async (error: unknown) => {
    await auditRefused(platform, undefined, { method: 'passkey', reason: 'second_factor_invalid' })
    throw error
  })
  const workspaceId = await findWorkspaceOf(platform.db, userId)
  if (workspaceId === undefined) throw new AppError('invalid_credentials', 'You are in no workspace here any more.')
  return completeSignIn(platform, { userId, workspaceId }, client, { method: 'passkey', twoFactors: true })
}
