import { isIP } from 'node:net'
import * as oidc from 'openid-client'
import { type Platform, perServer } from '../../../platform/context.ts'
import { allowsHost, isPublicAddress } from '../../../platform/net/index.ts'
import { providerFetch } from './provider-fetch.ts'
import type { KnownProvider } from './providers.ts'
import { SignInRefused } from './refusal.ts'

/** How far the provider's clock may be from ours. */
const clockToleranceSeconds = 30
const keptMs = 60 * 60_000
const keptEntries = 1000

type Kept = { version: string; until: number; configuration: Promise<oidc.Configuration> }

/** What issuers published, by provider; for an hour. */
const opened = perServer(() => new Map<string, Kept>())

/**
 * The provider as the library knows it: endpoints and keys from what its issuer publishes, each endpoint one that a
 * browser and we may be sent to. Every ID token is to be checked with the issuer's keys.
 * @throws what `refusalOf` understands
 */
export async function openIssuer(platform: Platform, provider: KnownProvider): Promise<oidc.Configuration> {
  const cache = opened(platform)
  const now = platform.clock.now().getTime()
  const known = cache.get(provider.id)
  if (known?.version === provider.version && known.until > now) return known.configuration
  const configuration = discover(platform, provider)
  cache.delete(provider.id)
  cache.set(provider.id, { version: provider.version, until: now + keptMs, configuration })
  for (const oldest of cache.keys()) {
    if (cache.size <= keptEntries) break
    cache.delete(oldest)
  }
  configuration.catch(() => {
    if (cache.get(provider.id)?.configuration === configuration) cache.delete(provider.id)
  })
  return configuration
}

/** The next sign-in asks the issuer anew: its keys or addresses may have changed. */
export function forgetIssuer(platform: Platform, providerId: string): void {
  opened(platform).delete(providerId)
}

async function discover(platform: Platform, provider: KnownProvider): Promise<oidc.Configuration> {
  const server = new URL(provider.issuer)
  const insecure = requireScheme(platform, provider, server)
  const secret = provider.clientSecret()
  const fetch = providerFetch(platform, provider.source)
  const ask = (issuer: URL) =>
    oidc.discovery(issuer, provider.clientId, clientMetadata(platform), authenticateClient(secret), {
      timeout: 10,
      [oidc.customFetch]: (url, options) => fetch(url, options as RequestInit),
      execute: [oidc.enableNonRepudiationChecks, ...(insecure ? [oidc.allowInsecureRequests] : [])],
    })
  const configuration = await ask(server).catch((error: unknown) => {
    const other = withOtherEnding(server, error)
    if (other === undefined) throw error
    return ask(other)
  })
  const { authorization_endpoint, end_session_endpoint } = configuration.serverMetadata()
  for (const endpoint of [authorization_endpoint, end_session_endpoint]) {
    if (endpoint !== undefined) requireWebAddress(endpoint, insecure)
  }
  return configuration
}

/** Answers whether plain http is to be used: with the operator's providers, and inside a network the operator opened. */
export function requireScheme(platform: Platform, provider: KnownProvider, server: URL): boolean {
  if (server.protocol === 'https:') return false
  const port = server.port === '' ? 80 : Number(server.port)
  const host = server.hostname.replace(/^\[|\]$/g, '')
  const inside = (isIP(host) !== 0 && !isPublicAddress(host)) || allowsHost(platform.egress.allow, host, port)
  if (provider.source === 'environment' || inside) return true
  throw new SignInRefused('provider_failed', 'A provider on the internet has to be reached by https.')
}

export function clientMetadata(platform: Platform): Partial<oidc.ClientMetadata> {
  // The library goes by the machine's clock; we by the platform's.
  const ahead = Math.round((platform.clock.now().getTime() - Date.now()) / 1000)
  return { [oidc.clockTolerance]: clockToleranceSeconds, [oidc.clockSkew]: ahead }
}

/** In the body where the server takes that, since everyone spells Basic's escaping in a way of their own. */
export function authenticateClient(secret: string | undefined): oidc.ClientAuth {
  if (secret === undefined) return oidc.None()
  const inBody = oidc.ClientSecretPost(secret)
  const inHeader = oidc.ClientSecretBasic(secret)
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const authenticate = methods.includes('client_secret_post') ? inBody : inHeader
    authenticate(server, client, body, headers)
  }
}

/** A browser is sent there: it has to be an address of the web, and not a script. */
function requireWebAddress(address: string, insecure: boolean): void {
  const protocol = URL.parse(address)?.protocol
  if (protocol === 'https:' || (insecure && protocol === 'http:')) return
  throw new SignInRefused('provider_failed', 'The provider publishes an endpoint that is not an https address.')
}

/** The issuer as it names itself, where a slash at the end is all that differs from what was entered. */
function withOtherEnding(server: URL, error: unknown): URL | undefined {
  if (!(error instanceof oidc.ClientError) || error.code !== 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') return undefined
  const named = (error.cause as { body?: { issuer?: unknown } } | undefined)?.body?.issuer
  const url = typeof named === 'string' ? URL.parse(named) : null
  if (!url || url.href === server.href) return undefined
  const bare = (each: URL) => each.href.replace(/\/$/, '')
  return bare(url) === bare(server) ? url : undefined
}
