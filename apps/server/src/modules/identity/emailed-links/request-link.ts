import { inTransaction, type Platform } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { findOpenInvitation } from '../invitations/store.ts'
import { takeMailRequest } from '../sign-in-throttle.ts'
import { haveAccountMail, resetMail, signUpMail } from './mails.ts'
import { linkInvalid, mailLink, mailNotice } from './make-link.ts'
import { deleteExpiredLinks, findAccount } from './store.ts'

const jobName = 'request-link'
const dayMs = 24 * 60 * 60 * 1000

type Wanted =
  | { purpose: 'reset-password'; email: string }
  | { purpose: 'sign-up'; email: string; invitationId: string | null }

/**
 * Has a link to choose a new password mailed, if there is such an account. Whether there is one is looked up in the
 * background: the answer comes alike, and as soon, for every address.
 * @throws AppError rate_limited
 */
export async function requestPasswordReset(
  platform: Platform,
  email: string,
  client: { address: string },
): Promise<void> {
  await takeMailRequest(platform, client.address)
  await enqueue(platform, { purpose: 'reset-password', email })
}

/**
 * Has a link to make an account mailed; to an address that has one, a mail that says so. With the token of an invitation
 * by link, the account is made in its workspace.
 * @throws AppError signup_closed, link_invalid, rate_limited
 */
export async function requestSignUp(
  platform: Platform,
  { email, invitation }: { email: string; invitation?: string | undefined },
  client: { address: string },
): Promise<void> {
  await takeMailRequest(platform, client.address)
  const found = invitation === undefined ? undefined : await findOpenInvitation(platform, invitation)
  if (invitation !== undefined && found === undefined) throw linkInvalid()
  if (found === undefined && platform.config.identity.signup !== 'open') {
    throw new AppError('signup_closed', 'Sign-up is closed here. Ask the owner for an invitation.')
  }
  await enqueue(platform, { purpose: 'sign-up', email, invitationId: found?.id ?? null })
}

/** Says how requested links are made and sent; expired ones are deleted after a day. */
export function defineEmailedLinks(platform: Platform): void {
  platform.jobs.define<{ sealed: string }>(jobName, { concurrency: 2 }, async (ofJob, { sealed }) => {
    const wanted = JSON.parse(ofJob.keyring.open(sealed, jobName)) as Wanted
    await inTransaction(ofJob, (tx) => (wanted.purpose === 'sign-up' ? sendSignUp(tx, wanted) : sendReset(tx, wanted)))
  })
}

export function pruneEmailedLinks({ db, clock }: Platform): Promise<void> {
  return deleteExpiredLinks(db, new Date(clock.now().getTime() - dayMs))
}

async function enqueue(platform: Platform, wanted: Wanted): Promise<void> {
  await platform.jobs.enqueue(platform.db, jobName, { sealed: platform.keyring.seal(JSON.stringify(wanted), jobName) })
}

async function sendReset(tx: Platform, { email }: { email: string }): Promise<void> {
  const account = await findAccount(tx.db, { email })
  if (account === undefined) return
  if (!(await mailLink(tx, { purpose: 'reset-password', email, userId: account.id }, resetMail))) {
    tx.log.warn({ userId: account.id }, 'More password resets were asked for than are sent in an hour.')
  }
}

async function sendSignUp(tx: Platform, wanted: { email: string; invitationId: string | null }): Promise<void> {
  if (await findAccount(tx.db, { email: wanted.email })) {
    await mailNotice(tx, wanted.email, haveAccountMail(tx.config.http.publicUrl))
  } else {
    await mailLink(tx, { purpose: 'sign-up', ...wanted }, signUpMail)
  }
}
