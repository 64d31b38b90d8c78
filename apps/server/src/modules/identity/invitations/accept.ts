import type { LinkInfo, Workspace } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction, type Platform } from '../../../platform/context.ts'
import { hashToken } from '../../../platform/crypto/index.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { linkInvalid } from '../emailed-links/make-link.ts'
import { findAccount, findLink, markEmailVerified } from '../emailed-links/store.ts'
import { announcePeople } from '../people/people.ts'
import { moveSession } from '../people/store.ts'
import { setMembershipRole } from '../roles/store.ts'
import { takeTry } from '../sign-in-throttle.ts'
import { findRole, insertMembership } from '../store.ts'
import { getMe } from '../update-me.ts'
import { roleName } from './present.ts'
import { countUse, findOpenInvitation, lockOpenInvitation } from './store.ts'

export type OpenInvitation = NonNullable<Awaited<ReturnType<typeof lockOpenInvitation>>>

/**
 * What a mailed link or an invitation is for.
 * @throws AppError link_invalid, rate_limited
 */
export async function inspectLink(platform: Platform, token: string, client: { address: string }): Promise<LinkInfo> {
  await takeTry(platform, client.address, undefined)
  const found = await findOpenInvitation(platform, token)
  if (found) return { kind: 'invitation', ...aboutAddress(found), ...(await aboutInvitation(platform, found)) }
  const purposes = ['sign-up', 'verify-email', 'change-email', 'reset-password'] as const
  const link = await findLink(platform.db, hashToken(token), [...purposes], platform.clock.now())
  if (link === undefined || link.purpose === 'notice') throw linkInvalid()
  const hasAccount = (await findAccount(platform.db, { email: link.email })) !== undefined
  return {
    kind: link.purpose,
    email: link.email,
    invitation: null,
    hasAccount,
    expiresAt: link.expiresAt.toISOString(),
  }
}

function aboutAddress({ email, expiresAt }: OpenInvitation) {
  return { email, expiresAt: expiresAt.toISOString() }
}

async function aboutInvitation({ db }: Platform, found: OpenInvitation) {
  const { workspaceName: workspace, inviterName: invitedBy, email, byMail } = found
  // Whoever made a link themselves has shown nothing about the address.
  const hasAccount = email === null || !byMail ? null : (await findAccount(db, { email })) !== undefined
  return { invitation: { workspace, invitedBy, role: roleName(found) }, hasAccount }
}

/**
 * Joins the workspace of an invitation with the signed-in account, and has the session go on there. An invitation for an
 * address is for the account with that address; who is in the workspace already uses up nothing.
 * @throws AppError link_invalid, forbidden, rate_limited
 */
export async function acceptInvitation(ctx: Ctx, token: string, client: { address: string }): Promise<Workspace> {
  await takeTry(ctx, client.address, undefined)
  const { userId, credentialId } = ctx.actor
  const joined = await inTransaction(ctx, async (tx) => {
    const invitation = await lockOpenInvitation(tx, { token })
    const account = await findAccount(tx.db, { userId })
    if (invitation === undefined) throw linkInvalid()
    if (account === undefined) throw notFound('member')
    if (invitation.email !== null && invitation.email !== account.email) {
      throw new AppError(
        'forbidden',
        `This invitation is for ${invitation.email}, and you are signed in as ${account.email}. Sign in with the other account, or ask for an invitation to this address.`,
      )
    }
    if (!(await findRole(tx.db, invitation.workspaceId, userId))) await join(tx, invitation, userId)
    if (invitation.byMail) await markEmailVerified(tx.db, userId, tx.clock.now())
    await moveSession(tx.db, { id: credentialId, userId }, invitation.workspaceId, tx.clock.now())
    return invitation.workspaceId
  })
  announceRevoked(ctx, { userId })
  announcePeople(ctx, joined)
  return (await getMe({ ...ctx, actor: { ...ctx.actor, workspaceId: joined } })).workspace
}

/** Makes the person a member with the role of the invitation, whose lock the caller holds. */
export async function join(tx: Platform, invitation: OpenInvitation, userId: string): Promise<void> {
  const now = tx.clock.now()
  const { id, workspaceId, role, roleId } = invitation
  await insertMembership(tx.db, { workspaceId, userId, role }, now)
  if (roleId !== null) await setMembershipRole(tx.db, workspaceId, userId, { role, roleId })
  await countUse(tx.db, id, now)
  const after = { role, roleId, invitationId: id, by: 'an invitation' }
  await audit(tx, { action: 'member.added', subject: { kind: 'person', id: userId }, after, workspaces: [workspaceId] })
  await emit(tx, { type: 'member-joined', workspaceId, subjectId: userId, data: { invitationId: id, role } })
}
