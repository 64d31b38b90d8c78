import type { BodyOf, SignInPolicy, SignInSettings, signInEndpoints } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction, type Platform } from '../../../platform/context.ts'
import { newId } from '../../../platform/crypto/index.ts'
import { AppError } from '../../../platform/errors.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { listOffered, redirectUri } from './providers.ts'
import { findPolicyRow, listAccounts, listMemberIds, savePolicyRow } from './store.ts'

type Change = BodyOf<typeof signInEndpoints.updateSignInSettings>

/** How people sign in to a workspace: nothing special until someone says so. */
export async function getPolicy(platform: Platform, workspaceId: string): Promise<SignInPolicy> {
  const row = await findPolicyRow(platform.db, workspaceId)
  return { ssoOnly: row?.ssoOnly ?? false, ssoProviders: row?.ssoProviders ?? [], domains: row?.domains ?? [] }
}

export async function getSettings(ctx: Ctx): Promise<SignInSettings> {
  const { workspaceId } = ctx.actor
  const id = newId()
  return {
    ...(await getPolicy(ctx, workspaceId)),
    signInUrl: `${ctx.config.http.publicUrl}/login?workspace=${workspaceId}`,
    ownersKeepPassword: ctx.config.identity.signIn.ownersKeepPassword,
    newProvider: { id, redirectUri: redirectUri(ctx, id) },
  }
}

/**
 * Changes how people sign in to the actor's workspace. Single sign-on only is for those who have shown that it works: the
 * actor has to have signed in through one of the providers that count.
 * @throws AppError invalid_request, unprocessable
 */
export async function updateSettings(ctx: Ctx, change: Change): Promise<SignInSettings> {
  const { workspaceId } = ctx.actor
  const before = await getPolicy(ctx, workspaceId)
  const after: SignInPolicy = {
    ssoOnly: change.ssoOnly ?? before.ssoOnly,
    ssoProviders: [...new Set(change.ssoProviders ?? before.ssoProviders)],
    domains: [...new Set(change.domains ?? before.domains)],
  }
  const tightened = after.ssoOnly && (!before.ssoOnly || change.ssoProviders !== undefined)
  if (change.ssoProviders !== undefined || tightened) await requireWorkable(ctx, after, tightened)
  await inTransaction(ctx, async (tx) => {
    await savePolicyRow(tx.db, workspaceId, after, tx.clock.now())
    await audit(tx, {
      action: 'sign-in-policy.changed',
      subject: { kind: 'workspace', id: workspaceId },
      before,
      after,
    })
    await emit(tx, { type: 'sign-in-policy-changed', workspaceId, subjectId: workspaceId, data: { before, after } })
  })
  if (tightened) {
    for (const userId of await listMemberIds(ctx.db, workspaceId)) announceRevoked(ctx, { userId })
  }
  return getSettings(ctx)
}

async function requireWorkable(ctx: Ctx, { ssoProviders }: SignInPolicy, tightened: boolean): Promise<void> {
  const offered = await listOffered(ctx, ctx.actor.workspaceId)
  const known = new Set(offered.map(({ id }) => id))
  const fields = ssoProviders.flatMap((id, at) =>
    known.has(id) ? [] : [{ pointer: `/ssoProviders/${at}`, message: 'There is no such provider.' }],
  )
  if (fields.length > 0) {
    throw new AppError('invalid_request', 'One of the providers is not there any more. Choose again.', { fields })
  }
  if (!tightened) return
  const accepted = ssoProviders.length === 0 ? offered.map(({ id }) => id) : ssoProviders
  const own = await listAccounts(ctx.db, ctx.actor.userId)
  if (own.some(({ providerId }) => accepted.includes(providerId))) return
  throw new AppError(
    'unprocessable',
    accepted.length === 0
      ? 'There is no provider to sign in through. Add one first.'
      : 'Show first that it works: sign in through the provider yourself, or connect it on your account page. Then turn this on.',
  )
}
