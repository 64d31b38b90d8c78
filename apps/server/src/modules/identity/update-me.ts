import type { BodyOf, identityEndpoints, User } from '@parley/contract'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { AppError, notFound } from '../../platform/errors.ts'
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
 * Changes the name or the password. With a new password all other sessions of the person end.
 * @throws AppError invalid_credentials when the current password is wrong, rate_limited
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
    passwordHash = await hashPassword(newPassword)
  }
  await inTransaction(ctx, async (tx) => {
    await updateUser(tx.db, userId, { name, passwordHash }, tx.clock.now())
    if (passwordHash !== undefined) await deleteOtherSessions(tx.db, userId, credentialId)
  })
  if (passwordHash !== undefined) announceRevoked(ctx, { userId })
  return getMe(ctx)
}
