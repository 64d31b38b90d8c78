import { createHash } from 'node:crypto'
import * as oidc from 'openid-client'
import { isShared } from '../../../platform/config/index.ts'
import type { Platform } from '../../../platform/context.ts'
import { equalSecrets } from '../../../platform/crypto/index.ts'
import { githubConfiguration, githubIdentity } from './github.ts'
import { emailOf, type ProvenIdentity, textOf } from './identity.ts'
import { claimAt } from './match-rules.ts'
import { openIssuer } from './open-issuer.ts'
import { type KnownProvider, redirectUri } from './providers.ts'
import { SignInRefused } from './refusal.ts'

/** The tenant of personal Microsoft accounts. */
const consumersTenant = '9188040d-6c67-4c5b-b112-36a304b66dad'
const iatToleranceSeconds = 60

/** How to reach a provider. @throws what `refusalOf` understands */
export function openProvider(platform: Platform, provider: KnownProvider): Promise<oidc.Configuration> {
  if (provider.kind !== 'github') return openIssuer(platform, provider)
  return Promise.resolve().then(() => githubConfiguration(platform, provider))
}

/**
 * Trades the code that a browser brought for who signed in. Checked: state and issuer of the answer (RFC 9207), the code
 * by its verifier (PKCE), and of the ID token signature, issuer, audience, times, nonce and at_hash.
 * @throws what `refusalOf` understands
 */
export async function exchangeCode(
  platform: Platform,
  provider: KnownProvider,
  answer: URLSearchParams,
  expected: { state: string; nonce: string; verifier: string },
): Promise<ProvenIdentity> {
  const configuration = await openProvider(platform, provider)
  const currentUrl = new URL(redirectUri(platform, provider.id))
  currentUrl.search = answer.toString()
  const checks = { expectedState: expected.state, pkceCodeVerifier: expected.verifier }
  if (provider.kind === 'github') {
    const { access_token } = await oidc.authorizationCodeGrant(configuration, currentUrl, checks)
    return githubIdentity(platform, provider, access_token)
  }
  const tokens = await oidc.authorizationCodeGrant(configuration, currentUrl, {
    ...checks,
    expectedNonce: expected.nonce,
    idTokenExpected: true,
  })
  const claims = tokens.claims()
  const idToken = tokens.id_token
  if (claims === undefined || idToken === undefined) {
    throw new SignInRefused('token_invalid', 'The provider sent no ID token.')
  }
  requireAtHash(idToken, tokens.access_token, claims.at_hash)
  requireTimely(platform, claims.iat)
  if (provider.kind === 'microsoft') requireTenant(provider, claims.tid)
  const all = await withUserInfo(configuration, provider, claims, tokens.access_token)
  const { end_session_endpoint } = configuration.serverMetadata()
  return {
    issuer: claims.iss,
    subject: claims.sub,
    ...profileOf(provider, all),
    claims: all,
    idToken: end_session_endpoint === undefined ? null : idToken,
    twoFactors: provider.trustsSecondFactor && saysTwoFactors(all),
  }
}

/** The claims, with those of the user info endpoint where the ID token lacks what is needed. */
async function withUserInfo(
  configuration: oidc.Configuration,
  provider: KnownProvider,
  claims: oidc.IDToken,
  accessToken: string,
): Promise<Record<string, unknown>> {
  const lacks = claims.email === undefined || provider.rules.some(({ claim }) => claimAt(claims, claim) === undefined)
  if (!lacks || configuration.serverMetadata().userinfo_endpoint === undefined) return claims
  const userInfo = await oidc.fetchUserInfo(configuration, accessToken, claims.sub)
  return { ...userInfo, ...claims }
}

function profileOf(provider: KnownProvider, claims: Record<string, unknown>) {
  const email = emailOf(claims.email)
  const composed = [claims.given_name, claims.family_name].filter((part) => typeof part === 'string').join(' ')
  return {
    email,
    emailVerified: provider.trustsEmail || saysVerified(provider, claims),
    name: textOf(claims.name, 100) ?? textOf(composed, 100) ?? textOf(email?.split('@')[0], 100) ?? 'Somebody',
    label: email ?? textOf(claims.preferred_username, 200) ?? textOf(claims.sub, 200) ?? '',
  }
}

/**
 * Microsoft's administrators write any address into their tenant; only `xms_edov` says that the domain is the tenant's.
 * Google verified other people's addresses once, at sign-up; for those of a company `hd` says that it still stands.
 */
function saysVerified({ kind }: KnownProvider, claims: Record<string, unknown>): boolean {
  const isTrue = (value: unknown) => [true, 'true', 1, '1'].includes(value as string)
  return isTrue(kind === 'microsoft' ? claims.xms_edov : claims.email_verified)
}

/** RFC 8176 `amr`, and the `acr` values for phishing-resistant and multi-factor sign-ins. */
function saysTwoFactors({ amr, acr }: Record<string, unknown>): boolean {
  if (Array.isArray(amr) && amr.includes('mfa')) return true
  return ['phr', 'phrh', 'http://schemas.openid.net/pape/policies/2007/06/multi-factor'].includes(acr as string)
}

/** OpenID Connect Core 3.1.3.6: the token's hash is half of the digest that its signature algorithm uses. */
function requireAtHash(idToken: string, accessToken: string, atHash: unknown): void {
  if (atHash === undefined) return
  const header = JSON.parse(Buffer.from(idToken.split('.')[0] ?? '', 'base64url').toString()) as { alg?: unknown }
  const bits =
    header.alg === 'EdDSA' || header.alg === 'Ed25519' ? '512' : /(256|384|512)$/.exec(String(header.alg))?.[1]
  if (bits !== undefined && typeof atHash === 'string') {
    const digest = createHash(`sha${bits}`).update(accessToken, 'ascii').digest()
    if (equalSecrets(digest.subarray(0, digest.length / 2).toString('base64url'), atHash)) return
  }
  throw new SignInRefused('token_invalid', 'The ID token is for another access token (at_hash).')
}

function requireTimely({ clock }: Platform, issuedAt: number): void {
  if (issuedAt * 1000 <= clock.now().getTime() + iatToleranceSeconds * 1000) return
  throw new SignInRefused('token_invalid', 'The ID token is from the future (iat). Check the clocks.')
}

/** The library has seen to it that the issuer is the one of `tid`; here, whether that tenant was meant. */
function requireTenant({ tenant, issuer }: KnownProvider, tid: unknown): void {
  const wanted = tenant ?? ''
  const personal = tid === consumersTenant
  const fits =
    typeof tid === 'string' &&
    /^[0-9a-f-]{36}$/.test(tid) &&
    (wanted === 'common' || (isShared(wanted) ? personal === (wanted === 'consumers') : true))
  if (!fits) throw new SignInRefused('wrong_tenant', `A tenant that ${issuer} does not stand for.`)
}
