import { createHmac } from 'node:crypto'
import type { SecondFactorRequired, SignedIn } from '@parley/contract'
import { audit } from '../../platform/audit/index.ts'
import { inTransaction, type Platform, perServer } from '../../platform/context.ts'
import { hashToken, newId, randomToken } from '../../platform/crypto/index.ts'
import { AppError } from '../../platform/errors.ts'
import type { Member } from './add-person.ts'
import { announceRevoked } from './announce-revoked.ts'
import { auditEnded, auditRefused } from './audit-sign-in.ts'
import { lacksSecondFactor, mayDoWithout, sessionExpiry } from './authenticate.ts'
import type { Client } from './client.ts'
import { requireAllowedWorkspace } from './oidc/sso-only.ts'
import { checkPassword } from './passwords.ts'
import { presentUser } from './present.ts'
import { askForSecondFactor } from './second-factor/challenge.ts'
import { secondFactorsOf } from './second-factor/store.ts'
import { isKnownBrowser, noteBrowser } from './sessions/known-browsers.ts'
import { forgivePasswordTries, takePasswordTry } from './sign-in-throttle.ts'
import {
  deleteSession,
  deleteSessionFamily,
  findJustRotated,
  findMember,
  findSession,
  findUserByEmail,
  holdPassword,
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
  const isKnown = await isKnownBrowser(platform.db, body.email, client)
  await takePasswordTry(platform, client, body.email, isKnown)
  const user = await findUserByEmail(platform.db, body.email)
  const right = await checkPassword(body.password, user?.passwordHash)
  if (!right || user === undefined || user.workspaceId === null) {
    await auditRefused(platform, user?.id, { method: 'password', reason: 'invalid_credentials', email: body.email })
    throw wrongPassword()
  }
  forgivePasswordTries(platform, client, body.email, isKnown)
  const { id: userId, workspaceId, passwordHash } = user
  return inTransaction(platform, async (tx) => {
    // A password that was changed while it was checked ends all sessions, and this one would not be among them.
    if (!(await holdPassword(tx.db, userId, passwordHash))) throw wrongPassword()
    return completeSignIn(tx, { userId, workspaceId }, client, { method: 'password' })
  })
}

function wrongPassword(): AppError {
  return new AppError('invalid_credentials', 'Email or password is wrong.')
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

/** Begins a session, and tells of a browser that the person never signed in with before. */
export async function startSession(
  platform: Platform,
  member: Member,
  client: Client,
  proof: SignInProof,
): Promise<SignInResult> {
  const now = platform.clock.now()
  const id = newId()
  const sessionToken = randomToken()
  const { refreshToken, familyHash } = firstRefreshToken()
  const store = async (tx: Platform) => {
    await insertSession(
      tx.db,
      {
        id,
        ...member,
        tokenHash: hashToken(sessionToken),
        refreshFamilyHash: familyHash,
        refreshHash: hashToken(refreshToken),
        userAgent: client.userAgent?.slice(0, 300) ?? null,
        address: client.address,
        expiresAt: sessionExpiry(now),
        method: proof.method,
        provenAt: proof.provider?.provesAccount === false ? null : now,
        secondFactorAt: proof.twoFactors ? now : null,
        timeZone: client.timeZone ?? null,
        providerId: proof.provider?.id ?? null,
        onlyWorkspaceId: proof.provider?.onlyWorkspaceId ?? null,
        sealedIdToken: proof.provider?.sealedIdToken ?? null,
      },
      now,
    )
    await noteBrowser(tx, member, client, id)
    await audit(tx, {
      action: 'session.started',
      subject: { kind: 'person', id: member.userId },
      after: {
        method: proof.method,
        providerId: proof.provider?.id,
        secondFactor: proof.twoFactors === true,
        sessionId: id,
      },
      workspaces: [member.workspaceId],
      by: { kind: 'session', actorId: member.userId, credentialId: id },
    })
  }
  await (platform.db.isTransaction ? store(platform) : inTransaction(platform, store))
  return signedIn(platform, { id, ...member }, { sessionToken, refreshToken })
}

/** Two windows may trade the same refresh token at once: within this time the second gets what the first got. */
const sameTradeMs = 10_000

/**
 * Trades a refresh token for new tokens. A token that was traded before was copied by someone: which of the two is the
 * person cannot be known, so the session ends.
 * @throws AppError unauthenticated
 */
export async function refreshSession(platform: Platform, refreshToken: string): Promise<SignInResult> {
  const now = platform.clock.now()
  const [family = ''] = refreshToken.split('.')
  const by = { refreshFamilyHash: hashToken(family), refreshHash: hashToken(refreshToken) }
  const next = successorsOf(platform, refreshToken, family)
  const session = await rotateSession(
    platform.db,
    by,
    {
      tokenHash: hashToken(next.sessionToken),
      refreshHash: hashToken(next.refreshToken),
      expiresAt: sessionExpiry(now),
    },
    now,
  )
  if (session !== undefined) {
    announceRevoked(platform, { credentialId: session.id }) // the former cookie
    return signedIn(platform, session, next)
  }
  const justRotated = await findJustRotated(platform.db, by, new Date(now.getTime() - sameTradeMs))
  if (justRotated !== undefined) return signedIn(platform, justRotated, next)
  const ended = await inTransaction(platform, async (tx) => {
    const session = await deleteSessionFamily(tx.db, by.refreshFamilyHash)
    if (session !== undefined) await auditEnded(tx, session, 'a refresh token was used twice')
    return session
  })
  if (ended !== undefined) {
    const { id: endedId } = ended
    platform.log.warn({ sessionId: endedId }, 'A refresh token was used again after it was traded: its session ended.')
    announceRevoked(platform, { credentialId: endedId })
  }
  throw signInAgain()
}

/** Ends a session at once. */
export async function endSession(platform: Platform, id: string): Promise<void> {
  await inTransaction(platform, async (tx) => {
    const ended = await deleteSession(tx.db, id)
    if (ended !== undefined) await auditEnded(tx, ended, 'signed out')
  })
  announceRevoked(platform, { credentialId: id })
}

async function signedIn(
  platform: Platform,
  session: Member & { id: string },
  tokens: { sessionToken: string; refreshToken: string },
): Promise<SignInResult> {
  const member = await findMember(platform.db, session.workspaceId, session.userId)
  const stored = await findSession(platform.db, { id: session.id }, session.workspaceId)
  // A service account has no way to sign in; should one be found, it leads nowhere.
  if (member === undefined || member.kind === 'service' || stored === undefined) throw signInAgain()
  const lacking = lacksSecondFactor(stored, platform.clock.now())
  return {
    sessionToken: tokens.sessionToken,
    answer: {
      accessToken: await signAccessToken(platform, { ...session, role: member.role }),
      refreshToken: tokens.refreshToken,
      expiresIn: accessTokenSeconds,
      user: lacking ? presentUser(member, mayDoWithout, true) : presentUser(member),
    },
  }
}

/** `<family>.<random>`: the family is a secret too, else anyone could end a session by presenting an "old" token. */
function firstRefreshToken(): { refreshToken: string; familyHash: string } {
  const family = randomToken()
  return { refreshToken: `${family}.${randomToken()}`, familyHash: hashToken(family) }
}

/** The tokens that one refresh token is traded for: always the same, so that trading it twice at once forks nothing. */
function successorsOf(
  platform: Platform,
  refreshToken: string,
  family: string,
): { sessionToken: string; refreshToken: string } {
  const derive = (purpose: string) =>
    createHmac('sha256', successionKey(platform)).update(`${purpose} ${refreshToken}`).digest('base64url')
  return { sessionToken: derive('session'), refreshToken: `${family}.${derive('refresh')}` }
}

const successionKey = perServer(({ keyring }) => keyring.derive('session-succession'))

function signInAgain(): AppError {
  return new AppError('unauthenticated', 'The session has ended. Sign in again.')
}
