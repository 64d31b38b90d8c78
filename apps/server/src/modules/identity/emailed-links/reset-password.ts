import { inTransaction, type Platform } from '../../../platform/context.ts'
import { hashToken } from '../../../platform/crypto/index.ts'
import { queueMail } from '../../../platform/mail/index.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { auditAccount } from '../audit-account.ts'
import type { Client } from '../client.ts'
import { requireStrongPassword } from '../password-strength/check-strength.ts'
import { hashPassword } from '../passwords.ts'
import { deleteChallenges } from '../second-factor/store.ts'
import { rememberKnownBrowser } from '../sessions/known-browsers.ts'
import { takeTry } from '../sign-in-throttle.ts'
import { deleteSessions, updateUser } from '../store.ts'
import { passwordChangedMail } from './mails.ts'
import { linkInvalid } from './make-link.ts'
import { deleteLinksOf, findAccount, findLink, markEmailVerified, takeLink } from './store.ts'

/**
 * Sets a new password with the token of a mailed link, which works once. Every session of the person ends; signing in,
 * second factor included, is up to them. That the mail was read shows that the address is theirs.
 * @throws AppError link_invalid, weak_password, rate_limited
 */
export async function resetPassword(
  platform: Platform,
  { token, newPassword }: { token: string; newPassword: string },
  client: Client,
): Promise<void> {
  await takeTry(platform, client.address, undefined)
  const tokenHash = hashToken(token)
  const link = await findLink(platform.db, tokenHash, ['reset-password'], platform.clock.now())
  const account = link?.userId ? await findAccount(platform.db, { userId: link.userId }) : undefined
  if (account === undefined) throw linkInvalid()
  // A password that is refused does not use up the link.
  await requireStrongPassword(newPassword, [account.name, account.email], '/newPassword')
  const passwordHash = await hashPassword(newPassword)
  await inTransaction(platform, async (tx) => {
    const now = tx.clock.now()
    const taken = await takeLink(tx.db, tokenHash, ['reset-password'], now)
    if (taken === undefined) throw linkInvalid()
    await updateUser(tx.db, account.id, { passwordHash }, now)
    await auditAccount(tx, account.id, {
      action: 'password.changed',
      after: { by: 'a mailed link' },
      actorId: account.id,
    })
    if (taken.email === account.email) await markEmailVerified(tx.db, account.id, now)
    await deleteLinksOf(tx.db, account.id)
    await deleteSessions(tx.db, account.id)
    await deleteChallenges(tx.db, account.id)
    // Somebody who tries passwords from everywhere cannot keep them out.
    await rememberKnownBrowser(tx.db, account.id, client, now)
    await queueMail(tx, { address: account.email }, passwordChangedMail(tx.config.http.publicUrl))
  })
  announceRevoked(platform, { userId: account.id })
}
