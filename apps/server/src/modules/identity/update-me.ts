import type { BodyOf, identityEndpoints, User } from '@parley/contract'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { queueMail } from '../../platform/mail/index.ts'
import { passwordChangedMail } from './emailed-links/mails.ts'
import { deleteLinksOf } from './emailed-links/store.ts'
import { requireStrongPassword } from './password-strength/check-strength.ts'
import { checkPassword, hashPassword } from './passwords.ts'
import { presentUser } from './present.ts'
import { announceRevoked } from './sign-in.ts'
import { takeTry } from './sign-in-throttle.ts'
import { deleteOtherSessions, findMember, getPasswordHash, updateUser } from './store.ts'

/** The signed-in person, with what this credential may do. */
export async function getMe(ctx: Ctx): Promise<User> {
  const member = await findMember(ctx.db, ctx.actor.workspaceId, ctx.actor.userId)
  if (member === undefined) throw notFound('member')
  return presentUser(member, ctx.actor.scopes)
}

/**
 * Changes the name or the password. With a new password all other sessions of the person end, and they are told by mail.
 * @throws AppError invalid_credentials when the current password is wrong, weak_password, rate_limited
 */
export async function updateMe(
  ctx: Ctx,
  { name, currentPassword, newPassword }: BodyOf<typeof identityEndpoints.updateMe>,
  address: string,
): Promise<User> {
  const { userId, credentialId } = ctx.actor
  let passwordHash: string | undefined
  if (currentPassword !== undefined && newPassword !== undefined) {
    await takeTry(ctx, address, userId)
    if (!(await checkPassword(currentPassword, await getPasswordHash(ctx.db, userId)))) {
      throw new AppError('invalid_credentials', 'The current password is wrong.', {
        fields: [{ pointer: '/currentPassword', message: 'Is wrong.' }],
      })
    }
    const { name: known, email } = await getMe(ctx)
    await requireStrongPassword(newPassword, [known, name ?? '', email], '/newPassword')
    passwordHash = await hashPassword(newPassword)
  }
  await inTransaction(ctx, async (tx) => {
    await updateUser(tx.db, userId, { name, passwordHash }, tx.clock.now())
    if (passwordHash === undefined) return
    await deleteOtherSessions(tx.db, userId, credentialId)
    await deleteLinksOf(tx.db, userId)
    const { email } = await getMe(tx)
    await queueMail(tx, { address: email }, passwordChangedMail(tx.config.http.publicUrl))
  })
  if (passwordHash !== undefined) announceRevoked(ctx, { userId })
  return getMe(ctx)
}
