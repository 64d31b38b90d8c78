import { type SignInKind, signInProblems } from '@parley/contract'
import * as oidc from 'openid-client'
import { z } from 'zod'
import type { Platform } from '../../../platform/context.ts'
import { hashToken, randomToken } from '../../../platform/crypto/index.ts'
import { AppError } from '../../../platform/errors.ts'
import { openProvider } from './exchange-code.ts'
import { insertFlow } from './flow-store.ts'
import { githubScopes } from './github.ts'
import { type KnownProvider, redirectUri } from './providers.ts'
import { refusalOf } from './refusal.ts'

/** How long people may take at the provider. */
const flowMs = 10 * 60_000
const choosesAccount = new Set<SignInKind>(['google', 'microsoft'])

export interface Begun {
  /** The browser's own secret. */
  browser: string
  /** Whose sign-in page it is; null for the first workspace's. */
  workspaceId: string | null
  /** To connect an account to whoever is signed in. */
  person: { userId: string; sessionId: string } | null
  next: string | undefined
}

const secretsSchema = z.object({ nonce: z.string(), verifier: z.string() })

/**
 * Notes that a sign-in begins in this browser, and answers where to send it.
 * @throws AppError unavailable when the provider cannot be reached or used
 */
export async function startFlow(platform: Platform, provider: KnownProvider, begun: Begun): Promise<string> {
  const state = randomToken()
  const nonce = randomToken()
  const verifier = oidc.randomPKCECodeVerifier()
  const isGithub = provider.kind === 'github'
  let url: URL
  try {
    url = oidc.buildAuthorizationUrl(await openProvider(platform, provider), {
      redirect_uri: redirectUri(platform, provider.id),
      scope: (isGithub ? githubScopes(provider) : oidcScopes(provider)).join(' '),
      state,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(isGithub ? {} : { nonce }),
      // Whoever connects an account may want another one than that they are signed in with there.
      ...(begun.person !== null && choosesAccount.has(provider.kind) ? { prompt: 'select_account' } : {}),
    })
  } catch (error) {
    const refusal = refusalOf(error)
    platform.log.warn({ providerId: provider.id, reason: refusal.message }, 'A sign-in could not begin.')
    const { title, advice } = signInProblems[refusal.problem]
    throw new AppError('unavailable', `${title}. ${advice}`)
  }
  const now = platform.clock.now()
  const stateHash = hashToken(state)
  await insertFlow(
    platform.db,
    {
      stateHash,
      browserHash: hashToken(begun.browser),
      providerId: provider.id,
      workspaceId: begun.workspaceId,
      userId: begun.person?.userId ?? null,
      sessionId: begun.person?.sessionId ?? null,
      sealed: platform.keyring.seal(JSON.stringify({ nonce, verifier }), flowContext(stateHash)),
      next: ownPath(begun.next),
      createdAt: now,
      expiresAt: new Date(now.getTime() + flowMs),
      usedAt: null,
    },
    now,
  )
  return url.href
}

/** Nonce and code verifier of a flow that was begun. */
export function flowSecrets(platform: Platform, flow: { stateHash: string; sealed: string }) {
  return secretsSchema.parse(JSON.parse(platform.keyring.open(flow.sealed, flowContext(flow.stateHash))))
}

/** A path of ours, or `/`: nobody is led from a sign-in to another site. */
export function ownPath(next: string | undefined): string {
  if (next === undefined || !/^\/(?![/\\])[^\p{Cc}\\]*$/u.test(next)) return '/'
  const base = 'https://parley.invalid'
  const url = URL.parse(next, base)
  if (url?.origin !== base || /^\/(api|v1)(\/|$)/i.test(url.pathname)) return '/'
  const path = url.pathname + url.search + url.hash
  return path.startsWith('//') ? '/' : path // "/.//elsewhere" comes out like that
}

function oidcScopes({ scopes }: KnownProvider): string[] {
  return [...new Set(['openid', ...(scopes.length > 0 ? scopes : ['profile', 'email'])])]
}

function flowContext(stateHash: string): string {
  return `sign-in-flow:${stateHash}`
}
