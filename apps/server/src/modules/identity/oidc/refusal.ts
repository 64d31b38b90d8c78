import { type SignInProblem, signInProblems } from '@parley/contract'
import * as oidc from 'openid-client'
import { AppError } from '../../../platform/errors.ts'
import { EgressRefused } from '../../../platform/net/index.ts'

/** A sign-in through a provider that did not come about; `problem` is what the person is told. */
export class SignInRefused extends Error {
  override readonly name = 'SignInRefused'
  readonly problem: SignInProblem

  /** `reason` goes to the log. It must not hold anything the provider sent but names of fields and codes. */
  constructor(problem: SignInProblem, reason: string) {
    super(reason)
    this.problem = problem
  }
}

/** The same for a caller of the API. */
export function asAppError(refusal: SignInRefused): AppError {
  const { title, advice } = signInProblems[refusal.problem]
  return new AppError(refusal.problem === 'internal' ? 'internal' : 'forbidden', `${title}. ${advice}`, {
    cause: refusal,
  })
}

/** What went wrong between us and a provider. The library's errors carry tokens: only names and codes are taken over. */
export function refusalOf(error: unknown): SignInRefused {
  if (error instanceof SignInRefused) return error
  if (error instanceof EgressRefused) return new SignInRefused('provider_unreachable', error.message)
  if (error instanceof oidc.AuthorizationResponseError) return answeredWith(error.error)
  if (error instanceof oidc.ResponseBodyError) return tokenEndpointSaid(error.error, error.status)
  if (error instanceof oidc.WWWAuthenticateChallengeError) {
    return new SignInRefused(
      error.status === 401 ? 'client_refused' : 'provider_failed',
      `The provider answered ${error.status} with a challenge.`,
    )
  }
  if (error instanceof oidc.ClientError) return clientError(error)
  if (error instanceof TypeError || error instanceof DOMException) {
    return new SignInRefused('provider_unreachable', `${error.name}: ${nameOf(error.cause) ?? error.message}`)
  }
  return new SignInRefused('internal', error instanceof Error ? error.name : 'unknown')
}

/** What a token endpoint answered (RFC 6749 5.2, and GitHub's own words). */
export function tokenEndpointSaid(code: string, status: number): SignInRefused {
  const reason = `The token endpoint answered ${status} ${codeOnly(code)}.`
  if (['invalid_grant', 'bad_verification_code'].includes(code)) return new SignInRefused('code_refused', reason)
  if (['invalid_client', 'unauthorized_client', 'incorrect_client_credentials'].includes(code)) {
    return new SignInRefused('client_refused', reason)
  }
  return new SignInRefused('provider_failed', reason)
}

function answeredWith(code: string): SignInRefused {
  const reason = `The provider answered ${codeOnly(code)}.`
  const byPerson = ['access_denied', 'consent_required', 'interaction_required', 'login_required']
  return new SignInRefused(byPerson.includes(code) ? 'denied' : 'provider_failed', reason)
}

function clientError(error: oidc.ClientError): SignInRefused {
  const inner = error.cause instanceof Error ? error.cause : undefined
  if (inner instanceof SignInRefused) return inner
  const detail = (inner?.cause ?? error.cause) as { claim?: unknown; attribute?: unknown } | undefined
  const claim = typeof detail?.claim === 'string' ? detail.claim : undefined
  const reason = `${error.message} (${error.code ?? 'no code'}${claim === undefined ? '' : `, ${claim}`}${
    inner === undefined ? '' : `: ${inner.message}`
  })`.slice(0, 300)
  const problem = (name: SignInRefused['problem']) => new SignInRefused(name, reason)
  switch (error.code) {
    case 'OAUTH_JWT_CLAIM_COMPARISON_FAILED':
      if (claim === 'nonce') return problem('wrong_nonce')
      return problem(claim === 'iss' ? 'wrong_issuer' : 'token_invalid')
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
      return problem('token_expired')
    case 'OAUTH_INVALID_RESPONSE':
      if (inner?.message.includes('"iss" (issuer)') === true) return problem('wrong_issuer')
      if (inner?.message.includes('"state"') === true) return problem('unknown_state')
      return problem('token_invalid')
    case 'OAUTH_KEY_SELECTION_FAILED':
      return problem('token_invalid')
    case 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED':
      return problem('wrong_issuer')
    case 'OAUTH_TIMEOUT':
    case 'OAUTH_ABORT':
    case undefined:
      return problem(inner instanceof EgressRefused || inner instanceof TypeError ? 'provider_unreachable' : 'internal')
    default:
      return problem('provider_failed')
  }
}

function nameOf(cause: unknown): string | undefined {
  const code = (cause as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** Codes are a word (RFC 6749 4.1.2.1); anything else is not repeated. */
function codeOnly(code: string): string {
  return /^[\w-]{1,60}$/.test(code) ? code : 'an error of its own'
}
