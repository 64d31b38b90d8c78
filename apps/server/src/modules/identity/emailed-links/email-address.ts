import { type Ctx, inTransaction, type Platform } from '../../../platform/context.ts'
import { hashToken } from '../../../platform/crypto/index.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { queueMail, sendsMail } from '../../../platform/mail/index.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { auditAccount } from '../audit-account.ts'
import { checkPassword } from '../passwords.ts'
import { requireRecentProof } from '../proof.ts'
import { takeTry } from '../sign-in-throttle.ts'
import { markProven } from '../store.ts'
import { addressChangeAskedMail, addressChangedMail, confirmNewAddressMail, verifyMail } from './mails.ts'
import { linkInvalid, mailLink } from './make-link.ts'
import { deleteLinksOf, findAccount, markEmailVerified, setEmail, takeLink } from './store.ts'

/**
 * Mails a link by which the signed-in person shows that their address is theirs.
 * @throws AppError rate_limited when they asked for many
 */
export async function requestVerification(ctx: Ctx): Promise<void> {
  await inTransaction(ctx, async (tx) => {
    const account = await findAccount(tx.db, { userId: tx.actor.userId })
    if (account === undefined) throw notFound('member')
    if (account.emailVerifiedAt !== null) return
    const sent = await mailLink(tx, { purpose: 'verify-email', email: account.email, userId: account.id }, verifyMail)
    if (!sent) throw enoughMails()
  })
}

/**
 * Changes the person's address once the link mailed to the new one is opened; the old one is told. On a server that sends
 * no mail it changes at once, unconfirmed. Whether somebody else has the address shows to whoever opens the link alone.
 * @throws AppError invalid_credentials, forbidden for people without a password, proof_required, rate_limited
 */
export async function changeEmail(
  ctx: Ctx,
  { email, currentPassword }: { email: string; currentPassword: string },
  client: { address: string },
): Promise<{ pending: boolean }> {
  await takeTry(ctx, client.address, ctx.actor.userId)
  const account = await findAccount(ctx.db, { userId: ctx.actor.userId })
  if (account === undefined) throw notFound('member')
  if (account.passwordHash === null) {
    throw new AppError('forbidden', 'You sign in without a password. Choose one first, by “Forgot your password?”.')
  }
  if (!(await checkPassword(currentPassword, account.passwordHash))) {
    throw new AppError('invalid_credentials', 'The password is wrong.', {
      fields: [{ pointer: '/currentPassword', message: 'Is wrong.' }],
    })
  }
  await markProven(ctx.db, ctx.actor.credentialId, ctx.clock.now())
  await requireRecentProof(ctx) // the password is none where a second factor has not been shown
  if (email === account.email) return { pending: false }
  const pending = sendsMail(ctx)
  await inTransaction(ctx, async (tx) => {
    if (!pending) return setAddress(tx, account.id, email, null)
    const sent = await mailLink(tx, { purpose: 'change-email', email, userId: account.id }, confirmNewAddressMail)
    if (!sent) throw enoughMails()
    await queueMail(tx, { address: account.email }, addressChangeAskedMail(email, tx.config.http.publicUrl))
  })
  return { pending }
}

/**
 * Follows a link that was mailed to show that an address is somebody's.
 * @throws AppError link_invalid, email_taken
 */
export async function confirmEmail(platform: Platform, token: string, client: { address: string }): Promise<string> {
  await takeTry(platform, client.address, undefined)
  const confirmed = await inTransaction(platform, async (tx) => {
    const now = tx.clock.now()
    const link = await takeLink(tx.db, hashToken(token), ['verify-email', 'change-email'], now)
    const account = link?.userId ? await findAccount(tx.db, { userId: link.userId }) : undefined
    if (link === undefined || account === undefined) throw linkInvalid()
    if (link.purpose === 'change-email') {
      await setAddress(tx, account.id, link.email, now)
      await queueMail(tx, { address: account.email }, addressChangedMail(link.email))
    } else if (link.email === account.email) {
      await markEmailVerified(tx.db, account.id, now)
      await auditAccount(tx, account.id, {
        action: 'email.confirmed',
        after: { email: link.email },
        actorId: account.id,
      })
    } else {
      throw linkInvalid()
    }
    return { id: account.id, email: link.email }
  })
  announceRevoked(platform, { userId: confirmed.id })
  return confirmed.email
}

/** No link that went to the former address works any more. */
async function setAddress(tx: Platform, userId: string, email: string, verifiedAt: Date | null): Promise<void> {
  const before = await findAccount(tx.db, { userId })
  if (!(await setEmail(tx.db, userId, { email, emailVerifiedAt: verifiedAt }, tx.clock.now()))) {
    throw new AppError('email_taken', 'Somebody else has this email address.', {
      fields: [{ pointer: '/email', message: 'Is taken.' }],
    })
  }
  await deleteLinksOf(tx.db, userId)
  await auditAccount(tx, userId, { action: 'email.changed', before, after: { email }, actorId: userId })
}

function enoughMails(): AppError {
  return new AppError(
    'rate_limited',
    'Several mails were sent already. Look into your inbox, or try again in an hour.',
    {
      retryAfterSeconds: 60 * 60,
    },
  )
}
