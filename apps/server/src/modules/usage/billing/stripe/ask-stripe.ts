import type { Stripe } from 'stripe'
import { type Platform, perServer } from '../../../../platform/context.ts'
import { AppError } from '../../../../platform/errors.ts'
import { egressFetch } from '../../../../platform/net/index.ts'

const timeoutMs = 20_000
const retries = 2
const laterSeconds = 30

/** Whether plans can be paid for here. */
export function takesPayments({ secrets }: Pick<Platform, 'secrets'>): boolean {
  return secrets.stripeSecretKey !== undefined
}

/** The library is loaded at first use: most installations have none. */
const clients = perServer((platform) => ({ opening: undefined as Promise<Stripe> | undefined, platform }))

/**
 * Stripe's own client, with the key of this installation.
 * @throws AppError unprocessable where it is not set up
 */
export function openStripe(platform: Platform): Promise<Stripe> {
  const state = clients(platform)
  state.opening ??= makeClient(platform)
  return state.opening
}

async function makeClient({ config, secrets, egress }: Platform): Promise<Stripe> {
  if (secrets.stripeSecretKey === undefined) {
    throw new AppError(
      'unprocessable',
      'Plans cannot be bought here: whoever runs this installation set up no payments.',
    )
  }
  const { default: StripeClient } = await import('stripe')
  const { protocol, hostname, port } = new URL(config.billing.stripeUrl)
  return new StripeClient(secrets.stripeSecretKey, {
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    port: port || (protocol === 'http:' ? 80 : 443),
    httpClient: StripeClient.createFetchHttpClient(egressFetch(egress.trusted)),
    timeout: timeoutMs,
    maxNetworkRetries: retries,
    telemetry: false,
    appInfo: { name: 'Parley', version: config.version },
  })
}

/** What is known of a refusal; Stripe's own error holds whole answers, which are nothing for a log. */
interface Refusal {
  type?: string
  code?: string
  param?: string
  statusCode?: number
  requestId?: string
  headers?: Record<string, string>
}

/**
 * Asks Stripe for something. What comes of its refusals and failures is told in words for people.
 * @throws AppError payments_unavailable, idempotency_conflict; unprocessable where Stripe is not set up
 */
export async function askStripe<T>(platform: Platform, ask: (stripe: Stripe) => Promise<T>): Promise<T> {
  const stripe = await openStripe(platform)
  try {
    return await ask(stripe)
  } catch (error) {
    if (error instanceof stripe.errors.StripeError) throw translate(error.message, error as Refusal)
    throw error
  }
}

function translate(message: string, refusal: Refusal): AppError {
  const { type, code, param, statusCode, requestId, headers } = refusal
  const cause = Object.assign(new Error(message), { type, code, param, statusCode, requestId })
  switch (type) {
    case 'StripeIdempotencyError':
      return new AppError('idempotency_conflict', 'This Idempotency-Key was used for another request. Use a new one.', {
        cause,
      })
    case 'StripeRateLimitError': {
      const asked = Number(headers?.['retry-after'])
      return new AppError('payments_unavailable', 'Stripe takes no more requests right now. Try again in a moment.', {
        cause,
        retryAfterSeconds: asked > 0 ? asked : laterSeconds,
      })
    }
    case 'StripeAuthenticationError':
    case 'StripePermissionError':
      return new AppError(
        'payments_unavailable',
        'Stripe refused the key of this installation. Tell whoever runs it: STRIPE_SECRET_KEY has to be replaced.',
        { cause },
      )
    case 'StripeInvalidRequestError':
      return new AppError(
        'payments_unavailable',
        'Stripe did not accept the request. Tell whoever runs this installation; its log says why.',
        { cause },
      )
    default:
      return new AppError(
        'payments_unavailable',
        'Stripe could not be reached. Nothing was changed: try again in a moment.',
        {
          cause,
          retryAfterSeconds: laterSeconds,
        },
      )
  }
}

/** Whether Stripe said that there is no such thing as `param` names. */
export function isMissing(error: unknown, param: string): boolean {
  if (!(error instanceof AppError)) return false
  const { code, param: missing } = (error.cause ?? {}) as Refusal
  return code === 'resource_missing' && missing === param
}

/** The address of a page of Stripe's to send a browser to. @throws Error for any other address */
export function requireStripePage({ config }: Platform, address: string | null): string {
  const url = URL.parse(address ?? '')
  const own = new URL(config.billing.stripeUrl)
  const isStripes =
    url?.protocol === 'https:' && (url.hostname === 'stripe.com' || url.hostname.endsWith('.stripe.com'))
  // Where another address than Stripe's was set, its pages are there too.
  if (url && (isStripes || (own.hostname !== 'api.stripe.com' && url.origin === own.origin))) return url.href
  throw new Error('Stripe answered with the address of a page that is not Stripe’s')
}
