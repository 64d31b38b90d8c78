import * as oidc from 'openid-client'
import { z } from 'zod'
import type { Platform } from '../../../platform/context.ts'
import { emailOf, type ProvenIdentity, textOf } from './identity.ts'
import { authenticateClient, requireScheme } from './open-issuer.ts'
import { providerFetch } from './provider-fetch.ts'
import type { KnownProvider } from './providers.ts'
import { SignInRefused } from './refusal.ts'

// GitHub speaks OAuth 2.0 without OpenID Connect: who someone is comes from its REST API (docs.github.com/rest/users).

const userSchema = z.object({ id: z.int().positive(), login: z.string(), name: z.string().nullish() })
const emailsSchema = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }))
const organizationsSchema = z.array(z.object({ login: z.string() }))
const teamsSchema = z.array(z.object({ slug: z.string(), organization: z.object({ login: z.string() }) }))

/** GitHub as an OAuth server: its addresses are fixed. */
export function githubConfiguration(platform: Platform, provider: KnownProvider): oidc.Configuration {
  const base = provider.issuer.replace(/\/+$/, '')
  const insecure = requireScheme(platform, provider, new URL(base))
  const configuration = new oidc.Configuration(
    {
      issuer: base,
      authorization_endpoint: `${base}/login/oauth/authorize`,
      token_endpoint: `${base}/login/oauth/access_token`,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
      code_challenge_methods_supported: ['S256'],
    },
    provider.clientId,
    {},
    authenticateClient(provider.clientSecret()),
  )
  const fetch = providerFetch(platform, provider.source)
  configuration[oidc.customFetch] = async (url, options) => sayErrors(await fetch(url, options as RequestInit))
  configuration.timeout = 10
  if (insecure) oidc.allowInsecureRequests(configuration)
  return configuration
}

/** What is asked for: memberships of organizations only where a rule is about them. */
export function githubScopes({ rules, scopes }: KnownProvider): string[] {
  const asksMemberships = rules.some(({ claim }) => claim === 'organizations' || claim === 'teams')
  return [...new Set(['read:user', 'user:email', ...(asksMemberships ? ['read:org'] : []), ...scopes])]
}

/** The person an access token is for, with the primary address that GitHub verified. */
export async function githubIdentity(
  platform: Platform,
  provider: KnownProvider,
  accessToken: string,
): Promise<ProvenIdentity> {
  const ask = apiOf(platform, provider, accessToken)
  const user = await ask('/user', userSchema)
  const emails = await ask('/user/emails?per_page=100', emailsSchema)
  const primary = emails.find((each) => each.primary)
  const claims: Record<string, unknown> = { login: user.login }
  const isAskedFor = (claim: string) => provider.rules.some((rule) => rule.claim === claim)
  if (isAskedFor('organizations')) {
    claims.organizations = (await ask('/user/orgs?per_page=100', organizationsSchema)).map(({ login }) => login)
  }
  if (isAskedFor('teams')) {
    const teams = await ask('/user/teams?per_page=100', teamsSchema)
    claims.teams = teams.map(({ slug, organization }) => `${organization.login}/${slug}`)
  }
  return {
    issuer: provider.issuer.replace(/\/+$/, ''),
    subject: String(user.id), // a login can be given up, and taken by someone else
    email: emailOf(primary?.email),
    emailVerified: primary?.verified === true,
    name: textOf(user.name, 100) ?? textOf(user.login, 100) ?? 'Somebody',
    label: textOf(user.login, 200) ?? String(user.id),
    claims,
    idToken: null,
    twoFactors: false,
  }
}

function apiOf(platform: Platform, provider: KnownProvider, accessToken: string) {
  const { origin, hostname } = new URL(provider.issuer)
  const base = hostname === 'github.com' ? 'https://api.github.com' : `${origin}/api/v3`
  const fetch = providerFetch(platform, provider.source)
  return async <T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> => {
    const response = await fetch(base + path, {
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${accessToken}`,
        'user-agent': 'Parley',
        'x-github-api-version': '2022-11-28',
      },
    })
    const place = path.split('?')[0]
    if (response.status !== 200) {
      throw new SignInRefused('provider_failed', `GitHub answered ${response.status} for ${place}.`)
    }
    const parsed = schema.safeParse(await response.json().catch(() => undefined))
    if (!parsed.success)
      throw new SignInRefused('provider_failed', `GitHub's answer for ${place} is not as documented.`)
    return parsed.data
  }
}

/** GitHub answers 200 also where it refuses; the library expects the standard's 400. */
async function sayErrors(response: Response): Promise<Response> {
  const text = await response.text()
  const failed = response.ok && /"error"\s*:\s*"/.test(text) && !/"access_token"/.test(text)
  return new Response(text, { status: failed ? 400 : response.status, headers: response.headers })
}
