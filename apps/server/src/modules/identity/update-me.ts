import type { BodyOf, identityEndpoints, User } from '@parley/contract'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { queueMail } from '../../platform/mail/index.ts'
import { announceRevoked } from './announce-revoked.ts'
import { auditAccount } from './audit-account.ts'
import { passwordChangedMail } from './emailed-links/mails.ts'
import { deleteLinksOf } from './emailed-links/store.ts'
import { requireStrongPassword } from './password-strength/check-strength.ts'
import { checkPassword, hashPassword } from './passwords.ts'
import { presentUser } from './present.ts'
import { requireRecentProof } from './proof.ts'
import { deleteChallenges } from './second-factor/store.ts'
import { takeTry } from './sign-in-throttle.ts'
import { deleteSessions, findMember, getPasswordHash, updateUser } from './store.ts'

/** The signed-in person, with what this credential may do. */
export async function getMe(ctx: Ctx): Promise<User> {
  const member = await findMember(ctx.db, ctx.actor.workspaceId, ctx.actor.userId)
  if (member === undefined) throw notFound('member')
  return presentUser(member, ctx.actor.scopes, ctx.actor.needsSecondFactor)
}

/**
 * Changes the name or the password. With a new password all other sessions of the person end, and they are told by mail.
 * Who has a password has to give it; who has none so far has to have proven themselves some other way.
 * @throws AppError invalid_credentials when the current password is wrong, proof_required, weak_password, rate_limited
 */
export async function updateMe(
  ctx: Ctx,
  { name, currentPassword, newPassword }: BodyOf<typeof identityEndpoints.updateMe>,
  address: string,
): Promise<User> {
  const { userId, credentialId } = ctx.actor
  let passwordHash: string | undefined
  if (newPassword !== undefined) {
    const formerHash = await getPasswordHash(ctx.db, userId)
    if (formerHash === null) await requireRecentProof(ctx)
    else await requirePassword(ctx, currentPassword, formerHash, address)
    const { name: known, email } = await getMe(ctx)
    await requireStrongPassword(newPassword, [known, name ?? '', email], '/newPassword')
    passwordHash = await hashPassword(newPassword)
  }
  await inTransaction(ctx, async (tx) => {
    const before = await getMe(tx)
    await updateUser(tx.db, userId, { name, passwordHash }, tx.clock.now())
    if (name !== undefined) await auditAccount(tx, userId, { action: 'account.changed', before, after: { name } })
    if (passwordHash === undefined) return
    await auditAccount(tx, userId, { action: 'password.changed', after: { by: 'the person' } })
    await deleteSessions(tx.db, userId, { exceptId: credentialId })
    await deleteChallenges(tx.db, userId)
    await deleteLinksOf(tx.db, userId)
    const { email } = await getMe(tx)
    await queueMail(tx, { address: email }, passwordChangedMail(tx.config.http.publicUrl))
  })
  if (passwordHash !== undefined) announceRevoked(ctx, { userId })
  return getMe(ctx)
}

async function requirePassword(
  ctx: Ctx,
  password: string | undefined,
  passwordHash: string,
  address: string,
): Promise<void> {
  await takeTry(ctx, address, ctx.actor.userId)
  if (password !== undefined && (await checkPassword(password, passwordHash))) return
  throw new AppError('invalid_credentials', 'The current password is wrong.', {
    fields: [{ pointer: '/currentPassword', message: password === undefined ? 'Is missing.' : 'Is wrong.' }],
  })
}
