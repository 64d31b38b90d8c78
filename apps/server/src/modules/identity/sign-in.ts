import type { SecondFactorRequired, SignedIn } from '@parley/contract'
import type { Platform } from '../../platform/context.ts'
import { hashToken, newId, randomToken } from '../../platform/crypto/index.ts'
import { AppError } from '../../platform/errors.ts'
import type { Member } from './add-person.ts'
import { sessionExpiry } from './authenticate.ts'
import type { Client } from './client.ts'
import { type Revoked, revokedChannel } from './credential-cache.ts'
import { isKnownBrowser } from './known-browser.ts'
import { requireAllowedWorkspace } from './oidc/sso-only.ts'
import { checkPassword } from './passwords.ts'
import { presentUser } from './present.ts'
import { askForSecondFactor } from './second-factor/challenge.ts'
import { secondFactorsOf } from './second-factor/store.ts'
import { forgiveTries, giveBackTryAnywhere, takeTry, takeTryAnywhere } from './sign-in-throttle.ts'
import {
  deleteSession,
  deleteSessionFamily,
  findMember,
  findUserByEmail,
  insertSession,
  rotateSession,
} from './store.ts'
import { signAccessToken } from './token-keys/access-tokens.ts'
import { accessTokenSeconds } from './token-keys/lifetime.ts'

/** How somebody proved who they are. */
export type SignInProof = {
  /** Two factors in one: a passkey that verified its user, an identity provider that says that it asked for two. */
  twoFactors?: boolean
} & (
  | { method: 'password' | 'passkey' | 'link'; provider?: undefined }
  // What the session remembers has to survive the question for a second factor: `secondFactorChallenges.provider`.
  | { method: 'provider'; provider: ProviderProof }
)

export interface ProviderProof {
  id: string
  /** A workspace's own provider vouches for people there alone. */
  onlyWorkspaceId: string | null
  /** False where that says nothing about the account itself, as the person is in other workspaces too. */
  provesAccount: boolean
  /** To sign out there as well; null where that is not possible. */
  sealedIdToken: string | null
}

/** `sessionToken` is for the cookie, the rest for the body. */
export interface SignInResult {
  sessionToken: string
  answer: SignedIn
}

/** A session, or the question for a second factor. */
export type SignInOutcome = SignInResult | { answer: SecondFactorRequired }

/**
 * Signs in with email and password. A wrong password and an unknown address are the same to the caller, in time too.
 * @throws AppError invalid_credentials, rate_limited
 */
export async function logIn(
  platform: Platform,
  body: { email: string; password: string },
  client: Client,
): Promise<SignInOutcome> {
  await takeTry(platform, client.address, body.email)
  const isKnown = await isKnownBrowser(platform.db, body.email, client)
  if (!isKnown) await takeTryAnywhere(platform, body.email)
  const user = await findUserByEmail(platform.db, body.email)
  const right = await checkPassword(body.password, user?.passwordHash)
  if (!right || user === undefined || user.workspaceId === null) {
    throw new AppError('invalid_credentials', 'Email or password is wrong.')
  }
  forgiveTries(platform, client.address, body.email)
  if (!isKnown) giveBackTryAnywhere(platform, body.email)
  return completeSignIn(platform, { userId: user.id, workspaceId: user.workspaceId }, client, { method: 'password' })
}

/**
 * Goes on once it is proven who signs in, in whatever way: begins a session, or asks for the second factor of whoever has
 * one and has not shown it yet. The outcome goes through `answerSignIn`, which sets the cookies.
 * @throws AppError sso_required when every workspace of the person asks for another way to sign in
 */
export async function completeSignIn(
  platform: Platform,
  wanted: Member,
  client: Client,
  proof: SignInProof,
): Promise<SignInOutcome> {
  const member = await requireAllowedWorkspace(platform, wanted, proof)
  const methods = proof.twoFactors ? [] : await secondFactorsOf(platform.db, member.userId)
  if (methods.length === 0) return startSession(platform, member, client, proof)
  return { answer: await askForSecondFactor(platform, member, client, proof, methods) }
}

/** Begins a session. */
export async function startSession(
  platform: Platform,
  member: Member,
  client: Client,
  proof: SignInProof,
): Promise<SignInResult> {
  const now = platform.clock.now()
  const id = newId()
  const sessionToken = randomToken()
  const refresh = makeRefreshToken(randomToken())
  await insertSession(
    platform.db,
    {
      id,
      ...member,
      tokenHash: hashToken(sessionToken),
      refreshFamilyHash: refresh.familyHash,
      refreshHash: refresh.hash,
      userAgent: client.userAgent?.slice(0, 300) ?? null,
      address: client.address,
      expiresAt: sessionExpiry(now),
      method: proof.method,
      provenAt: proof.provider?.provesAccount === false ? null : now,
      secondFactorAt: proof.twoFactors ? now : null,
      providerId: proof.provider?.id ?? null,
      onlyWorkspaceId: proof.provider?.onlyWorkspaceId ?? null,
      sealedIdToken: proof.provider?.sealedIdToken ?? null,
    },
    now,
  )
  return signedIn(platform, { id, ...member }, { sessionToken, refreshToken: refresh.token })
}

/**
 * Trades a refresh token for new tokens. A token that was traded before was copied by someone: which of the two is the
 * person cannot be known, so the session ends.
 * @throws AppError unauthenticated
 */
export async function refreshSession(platform: Platform, refreshToken: string): Promise<SignInResult> {
  const now = platform.clock.now()
  const [family = ''] = refreshToken.split('.')
  const sessionToken = randomToken()
  const next = makeRefreshToken(family)
  const session = await rotateSession(
    platform.db,
    { refreshFamilyHash: next.familyHash, refreshHash: hashToken(refreshToken) },
    { tokenHash: hashToken(sessionToken), refreshHash: next.hash, expiresAt: sessionExpiry(now) },
    now,
  )
  if (session === undefined) {
    const endedId = await deleteSessionFamily(platform.db, next.familyHash)
    if (endedId !== undefined) announceRevoked(platform, { credentialId: endedId })
    throw signInAgain()
  }
  announceRevoked(platform, { credentialId: session.id }) // the former cookie
  return signedIn(platform, session, { sessionToken, refreshToken: next.token })
}

/** Ends a session at once. */
export async function endSession(platform: Platform, id: string): Promise<void> {
  await deleteSession(platform.db, id)
  announceRevoked(platform, { credentialId: id })
}

/** Tells all who remember a credential to forget it; to be called once the change is committed. */
export function announceRevoked(platform: Platform, revoked: Revoked): void {
  platform.bus.publish(revokedChannel, revoked)
}

async function signedIn(
  platform: Platform,
  session: Member & { id: string },
  tokens: { sessionToken: string; refreshToken: string },
): Promise<SignInResult> {
  const member = await findMember(platform.db, session.workspaceId, session.userId)
  // A service account has no way to sign in; should one be found, it leads nowhere.
  if (member === undefined || member.kind === 'service') throw signInAgain()
  return {
    sessionToken: tokens.sessionToken,
    answer: {
      accessToken: await signAccessToken(platform, { ...session, role: member.role }),
      refreshToken: tokens.refreshToken,
      expiresIn: accessTokenSeconds,
      user: presentUser(member),
    },
  }
}

/** `<family>.<random>`: the family is a secret too, else anyone could end a session by presenting an "old" token. */
function makeRefreshToken(family: string): { token: string; familyHash: string; hash: string } {
  const token = `${family}.${randomToken()}`
  return { token, familyHash: hashToken(family), hash: hashToken(token) }
}

function signInAgain(): AppError {
  return new AppError('unauthenticated', 'The session has ended. Sign in again.')
}
