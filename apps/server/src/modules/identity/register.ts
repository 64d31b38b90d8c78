import type { BodyOf, identityEndpoints } from '@parley/contract'
import { inTransaction, type Platform } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { makeMember, makeOwner } from './add-person.ts'
import type { Client } from './client.ts'
import { hashPassword } from './passwords.ts'
import { endSetup, isSetupToken } from './setup.ts'
import { type SignInResult, startSession } from './sign-in.ts'
import { takeTry } from './sign-in-throttle.ts'
import { hasUsers, lockOwnership } from './store.ts'

type Registration = BodyOf<typeof identityEndpoints.register>

/**
 * Signs a person up and in. The first one needs the set-up token and becomes owner of a new workspace; later ones become
 * members of the first workspace, if sign-up is open.
 * @throws AppError setup_token_required, signup_closed, email_taken, rate_limited
 */
export async function register(platform: Platform, body: Registration, client: Client): Promise<SignInResult> {
  await takeTry(platform, client.address, undefined)
  await refuseUnlessAdmitted(platform, body) // before the costly hash
  const { email, name } = body
  const passwordHash = await hashPassword(body.password)
  return inTransaction(platform, async (tx) => {
    // Of several first registrations at once, one finds no people; the others wait here, and find that one.
    await lockOwnership(tx.db)
    const first = await refuseUnlessAdmitted(tx, body)
    const person = { email, name, passwordHash }
    const member = first ? await makeOwner(tx, person, body.workspaceName) : await makeMember(tx, person)
    if (first) await endSetup(tx)
    return startSession(tx, member, client, { method: 'password' })
  })
}

/** Answers whether this is the first person. */
async function refuseUnlessAdmitted(platform: Platform, body: Registration): Promise<boolean> {
  if (!(await hasUsers(platform.db))) {
    if (await isSetupToken(platform, body.setupToken)) return true
    throw new AppError(
      'setup_token_required',
      'The first person signs up with the link that the server printed when it started. Open that link.',
    )
  }
  if (platform.config.identity.signup === 'open') return false
  throw new AppError('signup_closed', 'Sign-up is closed here. Ask the owner for access.')
}
