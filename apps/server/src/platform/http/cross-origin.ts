import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Actor, Platform } from '../context.ts'
import { AppError } from '../errors.ts'
import { isOwnOrigin } from './csrf.ts'

/** Whether pages of an origin may call the API of a workspace; without one, of any workspace of this server. */
export type MayCallFrom = (platform: Platform, origin: string, workspaceId?: string) => Promise<boolean>

const allowOrigin = 'access-control-allow-origin'
const exposeHeaders = 'access-control-expose-headers'

const exposed = [
  'Content-Disposition',
  'ETag',
  'Parley-Run-Id',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
].join(', ')

const preflight = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': [
    'Authorization',
    'Content-Digest',
    'Content-Type',
    'Idempotency-Key',
    'If-Match',
    'If-None-Match',
    'Last-Event-ID',
    'Parley-Client',
    'Parley-Workspace',
    'Prefer',
    'Signature',
    'Signature-Input',
    'X-Request-Id',
  ].join(', '),
  // As long as a site that is taken off the list may still ask in vain.
  'access-control-max-age': '600',
}

/**
 * First half, before anyone knows who asks: lets browsers ask, and read, from origins that some workspace lists. True
 * when that was all, since the request was a preflight. Cookies are not asked for, so that browsers give no answer to a
 * page that has them sent.
 */
export async function answerOtherOrigin(
  platform: Platform,
  request: FastifyRequest,
  reply: FastifyReply,
  mayCallFrom: MayCallFrom,
): Promise<boolean> {
  const origin = otherOriginOf(platform, request)
  if (origin === undefined) return false
  reply.header('vary', 'Origin')
  if (!(await mayCallFrom(platform, origin))) return false
  reply.headers({ [allowOrigin]: origin, [exposeHeaders]: exposed })
  if (!isPreflight(request)) return false
  reply.headers(preflight).code(204).send()
  return true
}

/** Whether a browser asks, before it sends what a page wants sent. */
export function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

/**
 * Second half, once it is known who asks: the origin has to be on the list of the actor's own workspace, and the
 * credential one that the page itself sent. Programs that are no browsers may say any origin.
 * @throws AppError forbidden
 */
export async function requireListedOrigin(
  platform: Platform,
  request: FastifyRequest,
  reply: FastifyReply,
  actor: Actor,
  mayCallFrom: MayCallFrom,
): Promise<void> {
  const origin = otherOriginOf(platform, request)
  if (origin === undefined) return
  const sentByPage = request.headers.authorization !== undefined
  if (sentByPage && (await mayCallFrom(platform, origin, actor.workspaceId))) return
  reply.removeHeader(allowOrigin).removeHeader(exposeHeaders)
  const isBrowser = request.headers['sec-fetch-site'] !== undefined
  if (isBrowser) {
    throw new AppError(
      'forbidden',
      `Pages of ${origin} may not call the API of this workspace. Its admins decide on that.`,
    )
  }
}

/** The origin of a request to the API that another site's page had a browser send. */
function otherOriginOf({ config }: Platform, request: FastifyRequest): string | undefined {
  const { origin, 'sec-fetch-site': site } = request.headers
  // Only browsers can say so: the server has more names than it knows, behind a proxy that it does not.
  if (site === 'same-origin') return undefined
  if (origin === undefined || !/^\/(api|v1)\//.test(request.url) || isOwnOrigin(config, request)) return undefined
  return origin.length <= 300 ? origin : undefined
}
