import type { SignInVerdict } from '@parley/contract'
import * as oidc from 'openid-client'
import type { Platform } from '../../../platform/context.ts'
import { randomToken } from '../../../platform/crypto/index.ts'
import { EgressRefused } from '../../../platform/net/index.ts'
import { openProvider } from './exchange-code.ts'
import { forgetIssuer } from './open-issuer.ts'
import { type KnownProvider, redirectUri } from './providers.ts'
import { refusalOf, type SignInRefused } from './refusal.ts'

/**
 * Tries a provider: whether its issuer publishes what is needed, and whether it knows the client. The latter by trading a
 * code that nobody issued: who is known is told that the code is not right, who is not, that they are not known.
 */
export async function checkProvider(platform: Platform, provider: KnownProvider): Promise<SignInVerdict> {
  forgetIssuer(platform, provider.id)
  const verdict = (code: SignInVerdict['code'], detail: string): SignInVerdict => ({
    ok: code === 'ok',
    code,
    detail,
    checkedAt: platform.clock.now().toISOString(),
  })
  let configuration: oidc.Configuration
  try {
    configuration = await openProvider(platform, provider)
  } catch (error) {
    const blocked = [error, (error as Error).cause].find((each) => each instanceof EgressRefused)
    if (blocked instanceof EgressRefused) return verdict('egress_refused', blocked.message)
    return notAnIssuer(refusalOf(error), verdict)
  }
  const unsuitable = unsuitableFor(configuration.serverMetadata(), provider)
  if (unsuitable !== undefined) return verdict('unsuitable', unsuitable)
  const refusal = await tryClient(platform, provider, configuration)
  switch (refusal?.problem) {
    case 'client_refused':
      return verdict(
        'client_refused',
        'It refuses the client id or the client secret. Compare both with what it shows.',
      )
    case 'provider_unreachable':
      return verdict('unreachable', 'Its token endpoint does not answer. Try again in a moment.')
    default:
      return verdict('ok', 'It answers, and knows this client.')
  }
}

function notAnIssuer(
  refusal: SignInRefused,
  verdict: (code: SignInVerdict['code'], detail: string) => SignInVerdict,
): SignInVerdict {
  switch (refusal.problem) {
    case 'provider_unreachable':
      return verdict('unreachable', 'It cannot be reached. Check the address, and that this server may reach it.')
    case 'wrong_issuer':
      return verdict(
        'not_an_issuer',
        'It calls itself by another address. Enter the issuer exactly as it publishes it.',
      )
    case 'internal':
      return verdict('unsuitable', 'Its client secret cannot be opened any more. Enter it again.')
    default:
      return verdict(
        'not_an_issuer',
        'There is no OpenID Connect issuer at this address. It ends where /.well-known/openid-configuration begins, and is reached by https.',
      )
  }
}

function unsuitableFor(metadata: oidc.ServerMetadata, { kind }: KnownProvider): string | undefined {
  if (metadata.authorization_endpoint === undefined || metadata.token_endpoint === undefined) {
    return 'It publishes no authorization or token endpoint.'
  }
  if (kind === 'github') return undefined
  if (metadata.jwks_uri === undefined) return 'It publishes no keys to check its answers with.'
  if (metadata.response_types_supported?.includes('code') === false) return 'It does not offer the code flow.'
  return undefined
}

async function tryClient(
  platform: Platform,
  provider: KnownProvider,
  configuration: oidc.Configuration,
): Promise<SignInRefused | undefined> {
  const url = new URL(redirectUri(platform, provider.id))
  const state = randomToken()
  url.search = new URLSearchParams({
    code: randomToken(),
    state,
    iss: configuration.serverMetadata().issuer,
  }).toString()
  try {
    await oidc.authorizationCodeGrant(configuration, url, {
      expectedState: state,
      pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    })
    return undefined
  } catch (error) {
    return refusalOf(error)
  }
}
