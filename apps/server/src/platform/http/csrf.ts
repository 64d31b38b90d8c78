import type { FastifyRequest } from 'fastify'
import type { Config } from '../config/index.ts'
import { AppError } from '../errors.ts'

const harmless = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses a change that another site's page has a browser send with the session cookie. A bearer token cannot be sent
 * that way; everything else has to come from our own origin, and carry a header that no form can set. On a public
 * endpoint only what says itself that it is from elsewhere is refused: programs sign in there, too.
 */
export function requireSameSite(config: Config, request: FastifyRequest, options: { public?: boolean } = {}): void {
  const { headers } = request
  if (harmless.has(request.method) || headers.authorization !== undefined) return
  const site = headers['sec-fetch-site']
  const fromHere = site === undefined ? isOwnOrigin(config, request) : site === 'same-origin' || site === 'none'
  if (options.public) {
    if (fromHere || (site === undefined && headers.origin === undefined)) return
  } else if (fromHere && headers['parley-client'] !== undefined) return
  throw new AppError(
    'csrf_failed',
    'A change made with the session cookie has to come from Parley’s own pages, with the header Parley-Client. Programs use an API key.',
  )
}

/** Whether the `Origin` header names this server: its public address, or the address the request was sent to. */
export function isOwnOrigin(config: Config, request: FastifyRequest): boolean {
  const { origin } = request.headers
  if (origin === undefined) return false
  return origin === new URL(config.http.publicUrl).origin || origin === `${request.protocol}://${request.host}`
}
