import { EgressRefused } from '../../platform/net/index.ts'
import { ModelError, type ModelErrorCode } from './model-error.ts'
import type { Connection } from './types.ts'

/** What a provider said of a failure: an HTTP answer, or an error object inside a stream (`status` undefined). */
export interface Failure {
  status?: number | undefined
  headers?: Record<string, string | string[] | undefined>
  /** Parsed JSON where it was JSON, the text otherwise. */
  body: unknown
}

interface Said {
  /** Every machine-readable name: `error.type`, `error.code`, `error.status`. */
  names: string[]
  message: string
}

/**
 * The error for a provider's refusal, from its status, its own names for it and, where those are vague, its words.
 * Vendors agree on little: OpenAI and vLLM `{error: {message, type, code}}`, Anthropic `{type: 'error', error: {type,
 * message}}`, Ollama `{error: 'text'}`, FastAPI servers `{detail}`, Google a list with one of OpenAI's.
 */
export function classifyFailure(connection: Connection, failure: Failure): ModelError {
  const said = readBody(failure.body)
  const retryAfterSeconds = readRetryAfter(failure.headers ?? {})
  const code = codeOf(failure.status, said, retryAfterSeconds)
  const words = quote(connection, said.message)
  return new ModelError(code, adviceFor(code, connection, failure.status, words, retryAfterSeconds), {
    cause: new Error(`${connection.name}: ${failure.status ?? 'in the stream'} ${said.names.join(' ')} ${words}`),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
}

/** The error for a connection that could not be made or broke. */
export function classifyNetworkFailure(connection: Connection, error: unknown): ModelError {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof EgressRefused) return new ModelError('egress_refused', cause.message, { cause: error })
    const code = (cause as NodeJS.ErrnoException).code
    const reason = code === undefined ? undefined : NETWORK_REASONS[code]
    if (reason) return networkError(connection, reason, error)
  }
  return networkError(connection, 'the connection broke', error)
}

export function networkError(connection: Connection, reason: string, cause?: unknown): ModelError {
  return new ModelError(
    'model_network',
    `${connection.name} could not be reached: ${reason}. Try again; if it stays so, check the address under Settings → Models.`,
    { cause },
  )
}

const NETWORK_REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens at its address',
  ENOTFOUND: 'its host name was not found',
  EAI_AGAIN: 'its host name could not be looked up',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

function readBody(body: unknown): Said {
  if (typeof body === 'string') return { names: [], message: body.startsWith('<') ? '' : body }
  if (Array.isArray(body)) return readBody(body[0])
  if (!isRecord(body)) return { names: [], message: '' }
  const error = body.error ?? body
  if (typeof error === 'string') return { names: [], message: error }
  if (!isRecord(error)) return { names: [], message: '' }
  const names = [error.type, error.code, error.status].filter((name): name is string => typeof name === 'string')
  const message = error.message ?? error.detail
  return {
    names,
    message: typeof message === 'string' ? message : message === undefined ? '' : JSON.stringify(message),
  }
}

const TOO_LONG =
  /context.?(length|window|size)|maximum context|prompt is too long|too many (input )?tokens|input is too long|exceeds? the (available|maximum) (context|number of tokens)|reduce the length/i
const REFUSED = /content.?(policy|filter|management)|safety (system|filter|settings)|flagged as/i
const UNPAID = /billing|credit balance|insufficient (balance|credits|funds|quota)/i
const KEY = /api.?key|unauthori[sz]ed|authentication/i

function codeOf(status: number | undefined, { names, message }: Said, retryAfter: number | undefined): ModelErrorCode {
  const named = (pattern: RegExp) => names.some((name) => pattern.test(name))
  if (named(/context_length|request_too_large/) || status === 413) return 'model_context_too_long'
  if (named(/insufficient_quota|billing|credits/) || status === 402) return 'model_quota'
  if (named(/content_filter|content_policy|moderation/)) return 'model_content_refused'
  if (status === 429 || named(/rate_limit/)) {
    return retryAfter === undefined && UNPAID.test(message) ? 'model_quota' : 'model_rate_limited'
  }
  if (status === 401 || named(/authentication_error|invalid_api_key/)) return 'model_auth'
  if (named(/overloaded/)) return 'model_overloaded'
  if (named(/model_not_found/)) return 'model_unavailable'
  if (status === undefined || (status >= 400 && status < 500)) {
    if (TOO_LONG.test(message)) return 'model_context_too_long'
    if (UNPAID.test(message)) return 'model_quota'
    if (REFUSED.test(message)) return 'model_content_refused'
  }
  if (status === 403 || named(/permission/) || (status === 400 && KEY.test(message))) return 'model_auth'
  if (status === 404) return /model/i.test(message) ? 'model_unavailable' : 'model_bad_request'
  if (status === 408) return 'model_timeout'
  if (status === undefined) return named(/invalid_request|bad_request/i) ? 'model_bad_request' : 'model_overloaded'
  return status >= 500 ? 'model_overloaded' : 'model_bad_request'
}

function adviceFor(
  code: ModelErrorCode,
  { name }: Connection,
  status: number | undefined,
  words: string,
  retryAfter: number | undefined,
): string {
  const itSaid = words === '' ? '' : ` It said: “${words}”`
  switch (code) {
    case 'model_auth':
      return `${name} refused the key. Check it under Settings → Models.`
    case 'model_quota':
      return `The account at ${name} is out of quota or credit. Check its plan and billing there, or choose another model.`
    case 'model_rate_limited':
      return retryAfter === undefined
        ? `${name} is limiting requests. Try again in a moment, or choose another model.`
        : `${name} is limiting requests. Try again in ${retryAfter} seconds, or choose another model.`
    case 'model_overloaded':
      return `${name} is overloaded or has a problem of its own${status ? ` (${status})` : ''}. Try again in a moment, or choose another model.`
    case 'model_context_too_long':
      return 'This is too long for the model. Shorten it, start a new conversation, or choose a model with a larger window.'
    case 'model_content_refused':
      return `${name} refused this content.${itSaid || ' Ask differently, or choose another model.'}`
    case 'model_unavailable':
      return `${name} does not know this model any more. Choose another one.${itSaid}`
    case 'model_timeout':
      return `${name} did not answer in time. Try again, or choose another model.`
    default:
      return status === 404
        ? `${name} does not answer at this address as a model provider would. Check the address under Settings → Models.`
        : `${name} did not accept the request.${itSaid}`
  }
}

/** The provider's own words, short, in one line, without anything that looks like a key. */
function quote(connection: Connection, message: string): string {
  let text = message.replace(/\s+/g, ' ').trim()
  if (connection.apiKey) text = text.replaceAll(connection.apiKey, '…')
  text = text.replace(/\b(sk|pk|gsk|key|AIza)[-_][\w*-]{4,}/g, '…').replace(/Bearer \S+/gi, 'Bearer …')
  return text.length > 300 ? `${text.slice(0, 299)}…` : text
}

/** Seconds from now, of `retry-after-ms` or `retry-after` (RFC 9110: seconds or a date). */
export function readRetryAfter(headers: Record<string, string | string[] | undefined>): number | undefined {
  const milliseconds = Number(headers['retry-after-ms'] ?? Number.NaN)
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return Math.ceil(milliseconds / 1000)
  const value = headers['retry-after']
  if (typeof value !== 'string' || value === '') return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return seconds >= 0 ? Math.ceil(seconds) : undefined
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000))
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
