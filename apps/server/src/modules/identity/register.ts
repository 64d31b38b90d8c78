import type { BodyOf, identityEndpoints } from '@parley/contract'
import { inTransaction, type Platform } from '../../platform/context.ts'
import { hashToken } from '../../platform/crypto/index.ts'
import { AppError } from '../../platform/errors.ts'
import { sendsMail } from '../../platform/mail/index.ts'
import { insertPerson, makeMember, makeOwner } from './add-person.ts'
import type { Client } from './client.ts'
import { linkInvalid } from './emailed-links/make-link.ts'
import { deleteSignUpLinks, findLink } from './emailed-links/store.ts'
import { join, type OpenInvitation } from './invitations/accept.ts'
import { lockOpenInvitation } from './invitations/store.ts'
import { requireAllowedWorkspace } from './oidc/sso-only.ts'
import { requireStrongPassword } from './password-strength/check-strength.ts'
import { hashPassword } from './passwords.ts'
import { endSetup, isSetupToken } from './setup.ts'
import { type SignInResult, startSession } from './sign-in.ts'
import { takeTry } from './sign-in-throttle.ts'
import { hasUsers, lockOwnership } from './store.ts'

type Registration = BodyOf<typeof identityEndpoints.register>

/** By what right somebody may sign up. */
type Admission =
  | { by: 'setup'; email: string; verified: false }
  | { by: 'invitation'; email: string; verified: boolean; invitation: OpenInvitation }
  | { by: 'open'; email: string; verified: boolean }

/**
 * Signs a person up and in. The first one needs the set-up token and becomes owner of a new workspace. Later ones come with
 * the token of a mailed link or of an invitation; where sign-up is open and no mail is sent, with nothing.
 * @throws AppError setup_token_required, signup_closed, email_unverified, link_invalid, email_taken, weak_password,
 * rate_limited
 */
export async function register(platform: Platform, body: Registration, client: Client): Promise<SignInResult> {
  await takeTry(platform, client.address, undefined)
  const { email } = await inTransaction(platform, (tx) => admit(tx, body)) // before the costly hash
  const { name, password } = body
  await requireStrongPassword(password, [name, email, body.workspaceName ?? ''], '/password')
  const passwordHash = await hashPassword(password)
  return inTransaction(platform, async (tx) => {
    // Of several first registrations at once, one finds no people; the others wait here, and find that one.
    await lockOwnership(tx.db)
    const admission = await admit(tx, body)
    const emailVerifiedAt = admission.verified ? tx.clock.now() : null
    const person = { email: admission.email, name, passwordHash, emailVerifiedAt }
    const member = await makePerson(tx, admission, person, body.workspaceName)
    if (admission.by !== 'setup') await requireAllowedWorkspace(tx, member, { method: 'password' })
    await deleteSignUpLinks(tx.db, admission.email)
    return startSession(tx, member, client, { method: admission.by === 'setup' ? 'link' : 'password' })
  })
}

async function makePerson(
  tx: Platform,
  admission: Admission,
  person: { email: string; name: string; passwordHash: string; emailVerifiedAt: Date | null },
  workspaceName: string | undefined,
) {
  if (admission.by === 'setup') {
    await endSetup(tx)
    return makeOwner(tx, person, workspaceName)
  }
  if (admission.by === 'open') return makeMember(tx, person)
  const { invitation } = admission
  const userId = await insertPerson(tx, person)
  await join(tx, invitation, userId)
  return { userId, workspaceId: invitation.workspaceId }
}

async function admit(tx: Platform, body: Registration): Promise<Admission> {
  if (!(await hasUsers(tx.db))) {
    if (await isSetupToken(tx, body.setupToken)) return { by: 'setup', email: emailOf(body), verified: false }
    // Somebody else with the link may have come in between.
    if (!(await hasUsers(tx.db))) {
      throw new AppError(
        'setup_token_required',
        'The first person signs up with the link that the server printed when it started. Open that link.',
      )
    }
  }
  if (body.link !== undefined) return admitByLink(tx, body.link)
  if (body.invitation !== undefined) return admitByInvitation(tx, body, body.invitation)
  if (tx.config.identity.signup !== 'open') {
    throw new AppError('signup_closed', 'Sign-up is closed here. Ask the owner for an invitation.')
  }
  if (sendsMail(tx)) throw confirmFirst()
  return { by: 'open', email: emailOf(body), verified: false }
}

async function admitByLink(tx: Platform, token: string): Promise<Admission> {
  const link = await findLink(tx.db, hashToken(token), ['sign-up'], tx.clock.now())
  if (link === undefined) throw linkInvalid()
  const { email, invitationId } = link
  if (invitationId === null) {
    if (tx.config.identity.signup !== 'open') throw linkInvalid()
    return { by: 'open', email, verified: true }
  }
  const invitation = await lockOpenInvitation(tx, { id: invitationId })
  if (invitation === undefined) throw linkInvalid()
  return { by: 'invitation', email, verified: true, invitation }
}

async function admitByInvitation(tx: Platform, body: Registration, token: string): Promise<Admission> {
  const invitation = await lockOpenInvitation(tx, { token })
  if (invitation === undefined) throw linkInvalid()
  if (invitation.email !== null) {
    return { by: 'invitation', email: invitation.email, verified: invitation.byMail, invitation }
  }
  if (sendsMail(tx)) throw confirmFirst()
  return { by: 'invitation', email: emailOf(body), verified: false, invitation }
}

function emailOf({ email }: Registration): string {
  if (email !== undefined) return email
  throw new AppError('invalid_request', 'An email address is needed.', {
    fields: [{ pointer: '/email', message: 'Is needed.' }],
  })
}

function confirmFirst(): AppError {
  return new AppError('email_unverified', 'Confirm your email address first: ask for a link to sign up, and open it.')
}
