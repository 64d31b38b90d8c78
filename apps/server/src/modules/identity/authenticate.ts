import type { IncomingHttpHeaders } from 'node:http'
import type { Scope } from '@parley/contract'
import type { FastifyRequest } from 'fastify'
import type { Actor, Platform } from '../../platform/context.ts'
import { hashToken, isId, parseApiKey } from '../../platform/crypto/index.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { scopesOfMember } from './access.ts'
import { findKey, useKey } from './api-keys/find-key.ts'
import { credentialCache, type Found } from './credential-cache.ts'
import { environmentProviders } from './oidc/providers.ts'
import { isAllowedBy } from './oidc/sso-only.ts'
import { readSessionCookie } from './session-cookie.ts'
import { placeOf } from './sessions/place.ts'
import { findSession, touchSession } from './store.ts'
import { readAccessToken } from './token-keys/access-tokens.ts'

/** A session ends this long after its last use. */
export const sessionDays = 30
const dayMs = 24 * 60 * 60 * 1000
const touchedEveryMs = 60_000

/** Of whoever still has to show the second factor; endpoints that allow no such session are closed to it besides. */
export const mayDoWithout: ReadonlySet<Scope> = new Set<Scope>(['account:read'])

/**
 * Who sent a request: by `Authorization: Bearer` (an API key or an access token), else by the session cookie. A bearer
 * that is not good is not replaced by the cookie. `Parley-Workspace` names the workspace for people in several.
 * Answers null for nobody; costs one indexed query at most, none when the same credential came within five seconds. What a
 * key asks of each request (an address, a signature) is looked at for each request.
 * @throws AppError not_found when the person is not in the named workspace; address_not_allowed, signature_invalid;
 * second_factor_required when the workspace asks for one that the session has not shown, unless `withoutSecondFactor`.
 * `again`: the request was let in before, and its credential is looked at anew while its answer goes on.
 */
export async function authenticate(
  platform: Platform,
  request: FastifyRequest,
  options: { withoutSecondFactor?: boolean; again?: boolean } = {},
): Promise<Actor | null> {
  const credential = credentialOf(platform, request.headers)
  if (credential === undefined) return null
  const workspaceId = namedWorkspace(request.headers)
  const hash = hashToken(credential.text)
  const found = await credentialCache(platform).get(
    `${credential.kind} ${hash} ${workspaceId ?? ''}`,
    platform.clock.now().getTime(),
    () => {
      if (credential.kind === 'cookie') return bySession(platform, request, { tokenHash: hash }, workspaceId)
      return parseApiKey(credential.text) === undefined
        ? byAccessToken(platform, request, credential.text, workspaceId)
        : findKey(platform, hash, workspaceId)
    },
  )
  if (found?.use !== undefined && !options.again) await useKey(platform, found.use, request)
  if (found?.actor.needsSecondFactor && !options.withoutSecondFactor) {
    throw new AppError(
      'second_factor_required',
      'This workspace asks for a second factor. Open Parley in a browser to set one up, or to show it.',
    )
  }
  return found?.actor ?? null
}

function credentialOf(
  platform: Platform,
  headers: IncomingHttpHeaders,
): { kind: 'bearer' | 'cookie'; text: string } | undefined {
  const { authorization } = headers
  if (authorization !== undefined) {
    const text = /^Bearer +([\w.~+/=-]{1,2000})$/i.exec(authorization)?.[1]
    return text === undefined ? undefined : { kind: 'bearer', text }
  }
  const text = readSessionCookie(platform.config, headers)
  return text === undefined ? undefined : { kind: 'cookie', text }
}

function namedWorkspace(headers: IncomingHttpHeaders): string | undefined {
  const named = headers['parley-workspace']
  if (named === undefined) return undefined
  if (!isId(named)) throw notFound('workspace')
  return named
}

async function byAccessToken(
  platform: Platform,
  request: FastifyRequest,
  token: string,
  workspaceId: string | undefined,
): Promise<Found | undefined> {
  const claims = await readAccessToken(platform, token)
  if (claims === undefined) return undefined
  const found = await bySession(platform, request, { id: claims.sessionId }, workspaceId, claims.workspaceId)
  if (found?.goodUntil == null || found.actor.userId !== claims.userId) return undefined
  return { actor: found.actor, goodUntil: earlier(found.goodUntil, claims.expiresAt) }
}

/** In the workspace that the request names, else in the token's, else in the session's own. */
async function bySession(
  platform: Platform,
  request: FastifyRequest,
  by: { tokenHash: string } | { id: string },
  named: string | undefined,
  ofToken?: string,
): Promise<Found | undefined> {
  const workspaceId = named ?? ofToken
  const now = platform.clock.now()
  const session = await findSession(platform.db, by, workspaceId)
  if (session === undefined || session.expiresAt <= now) return undefined
  const { role, onlyWorkspaceId } = session
  const elsewhere = onlyWorkspaceId !== null && onlyWorkspaceId !== (workspaceId ?? session.workspaceId)
  if (role === null || elsewhere) {
    if (named !== undefined) throw notFound('workspace')
    return undefined
  }
  if (!isAllowedBy(platform, { ...session, role }, session.providerId)) return undefined
  if (isProviderGone(platform, session)) return undefined
  if (now.getTime() - session.lastUsedAt.getTime() >= touchedEveryMs) {
    await touchSession(platform.db, session.id, { ...placeOf(request), lastUsedAt: now, expiresAt: sessionExpiry(now) })
  }
  const actor: Actor = {
    kind: 'session',
    credentialId: session.id,
    userId: session.userId,
    workspaceId: workspaceId ?? session.workspaceId,
    role,
    scopes: scopesOfMember({ role, roleScopes: session.roleScopes }),
  }
  if (lacksSecondFactor(session, now)) {
    return { actor: { ...actor, scopes: mayDoWithout, needsSecondFactor: true }, goodUntil: session.expiresAt }
  }
  return { actor, goodUntil: session.expiresAt }
}

/** Whether nobody vouches for whoever began the session any more: its provider was removed, by a workspace or the operator. */
function isProviderGone(
  platform: Platform,
  { providerId, ownProviderId }: { providerId: string | null; ownProviderId: string | null },
): boolean {
  if (providerId === null || ownProviderId !== null) return false
  return !environmentProviders(platform).some(({ id }) => id === providerId)
}

/** Whether the workspace asks for a second factor by now that the session has not shown. */
export function lacksSecondFactor(
  session: { requiredFrom: Date | null; secondFactorAt: Date | null },
  now: Date,
): boolean {
  return session.requiredFrom !== null && session.requiredFrom <= now && session.secondFactorAt === null
}

/** When a session that is used now will end. */
export function sessionExpiry(now: Date): Date {
  return new Date(now.getTime() + sessionDays * dayMs)
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b
}
