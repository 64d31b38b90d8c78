import type { BodyOf, Endpoint, ParamsOf, QueryOf, ResponseOf } from '@parley/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Actor, Caller, Ctx, Platform } from '../context.ts'
import { AppError } from '../errors.ts'
import { type MayCallFrom, requireListedOrigin } from './cross-origin.ts'
import { requireSameSite } from './csrf.ts'
import { type Idempotency, idempotencyOf } from './idempotency.ts'
import { makeApp } from './make-app.ts'
import type { RequestLimits } from './request-limits.ts'
import { whileGood } from './revocations.ts'
import { signedBodyOf } from './signed-body.ts'
import { validatorOf } from './validate.ts'

/**
 * Finds who sent a request; null when it carries no credential that counts. Refuses who still has to show the second
 * factor that their workspace asks for, unless `withoutSecondFactor`. `again`: it was let in before, and is looked at anew.
 */
export type Authenticate = (
  platform: Platform,
  request: FastifyRequest,
  options?: { withoutSecondFactor?: boolean; again?: boolean },
) => Promise<Actor | null>

/** A request and its answer, for what the input does not hold. */
export interface Exchange {
  request: FastifyRequest
  reply: FastifyReply
  /** Set when the endpoint takes an Idempotency-Key and the caller sent one; for `once` or `onceAround`. */
  idempotency: Idempotency | undefined
  /** Pause between keep-alive comments on an event stream. */
  keepAliveMs: number
  /** The body as it was sent, of an endpoint whose sender signs it. */
  signedBody: Buffer | undefined
}

/** Before anyone has signed in. */
export type PublicCtx = Omit<Ctx, 'actor'>

interface Input<E> {
  params: ParamsOf<E>
  query: QueryOf<E>
  body: BodyOf<E>
}

/** What an endpoint answers; nothing when it has no response, or answered by itself (a stream, a file). */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler may end without a return
type Answer<E> = Promise<ResponseOf<E> | undefined | void>
export type Handler<E> = (ctx: Ctx, input: Input<E>, exchange: Exchange) => Answer<E>
export type PublicHandler<E> = (ctx: PublicCtx, input: Input<E>, exchange: Exchange) => Answer<E>

/** The HTTP server: endpoints of the contract, each with its handler. */
export interface Http {
  /** For what is not an endpoint of the contract: static files, WebSocket. */
  app: FastifyInstance
  platform: Platform
  authenticate: Authenticate
  /** Mounts an endpoint: who may (and from which site), then the shape of the request, then `handler`. */
  route<E extends Endpoint>(endpoint: E, handler: Handler<E>): void
  /** The same for an endpoint that needs no credential. */
  publicRoute<E extends Endpoint>(endpoint: E, handler: PublicHandler<E>): void
  /** Every endpoint mounted so far. */
  mounted: Endpoint[]
  /** Takes up a new certificate now, where Parley speaks HTTPS itself. */
  reloadCertificate(): void
}

/** Makes the server, not yet listening. */
export async function createHttp(
  platform: Platform,
  authenticate: Authenticate,
  limits?: RequestLimits,
  mayCallFrom: MayCallFrom = async () => false,
): Promise<Http> {
  const { config } = platform
  const { app, reloadCertificate } = await makeApp(platform, limits, mayCallFrom)
  app.addHook('onResponse', async (request, reply) => logRequest(request, reply))

  const mounted: Endpoint[] = []

  function mount<E extends Endpoint>(
    endpoint: E,
    authorize: (request: FastifyRequest, reply: FastifyReply) => Promise<Actor | undefined>,
    handler: PublicHandler<E>,
  ): void {
    mounted.push(endpoint)
    const validate = validatorOf(endpoint)
    const streams = endpoint.media?.response?.includes('text/event-stream') === true
    const status = endpoint.status ?? (endpoint.response ? 200 : 204)
    app.route({
      method: endpoint.method,
      url: routePath(endpoint.path),
      exposeHeadRoute: !streams,
      config: { vital: endpoint.vital === true, signedBody: endpoint.signedBody === true },
      onRequest: async (request, reply) => {
        limits?.refuseEarly(platform, request.ip)
        let actor: Actor | undefined
        try {
          actor = await authorize(request, reply)
        } catch (error) {
          await limits?.charge(platform, request.ip, endpoint, undefined)
          throw error
        }
        if (actor) actors.set(request, actor)
        const charge = await limits?.charge(platform, request.ip, endpoint, actor)
        if (charge) reply.headers(charge.headers)
        if (charge?.giveBack) charges.set(request, charge.giveBack)
      },
      ...(endpoint.cost === 'message' ? { onResponse: giveBackFailed } : {}),
      handler: async (request, reply) => {
        const input = validate(request) as Input<E>
        const actor = actors.get(request)
        const ctx = {
          ...platform,
          actor,
          requestId: request.id,
          caller: callerOf(request),
          log: request.log as Logger,
          signal: leaveSignal(reply),
        }
        const idempotency = endpoint.idempotent ? idempotencyOf(request) : undefined
        if (streams && actor) {
          const end = () => reply.raw.destroy()
          reply.raw.once('close', whileGood(platform, authenticate, request, actor, end))
        }
        reply.code(status)
        if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
        const { keepAliveMs } = config.chat
        const exchange = { request, reply, idempotency, keepAliveMs, signedBody: signedBodyOf(request) }
        const answer = await handler(ctx, input, exchange)
        if (reply.sent) return reply
        if (answer === undefined) return endpoint.media ? reply : reply.send()
        if (config.http.checkResponses && endpoint.response) endpoint.response.parse(answer)
        // A version says all that matters to `If-Match`.
        if (hasVersion(answer)) reply.header('etag', `"${answer.version}"`)
        return reply.send(answer)
      },
    })
  }

  return {
    app,
    platform,
    authenticate,
    mounted,
    reloadCertificate,
    route(endpoint, handler) {
      const authorize = async (request: FastifyRequest, reply: FastifyReply) => {
        const { withoutSecondFactor = false } = endpoint as Endpoint
        const actor = await authenticate(platform, request, { withoutSecondFactor })
        if (!actor) throw new AppError('unauthenticated', 'Sign in, or send a valid API key as a bearer token.')
        requireSameSite(config, request)
        await requireListedOrigin(platform, request, reply, actor, mayCallFrom)
        requireAccess(actor, endpoint)
        return actor
      }
      mount(endpoint, authorize, handler as PublicHandler<typeof endpoint>)
    },
    publicRoute(endpoint, handler) {
      const authorize = async (request: FastifyRequest) => {
        requireSameSite(config, request, { public: true })
        return undefined
      }
      mount(endpoint, authorize, handler)
    },
  }
}

/** Where a request came from. */
export function callerOf({ ip, headers }: FastifyRequest): Caller {
  return { address: ip, userAgent: headers['user-agent'] ?? null }
}

const actors = new WeakMap<FastifyRequest, Actor>()
const charges = new WeakMap<FastifyRequest, () => void>()

async function giveBackFailed(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (reply.statusCode >= 400) charges.get(request)?.()
}

function requireAccess(actor: Actor, { access }: Endpoint): void {
  if (access === 'public') return
  if (access === 'session') {
    if (actor.kind !== 'session')
      throw new AppError('forbidden', 'This needs a signed-in person; an API key is not enough.')
    return
  }
  if (actor.scopes.has(access)) return
  const who = actor.kind === 'api-key' ? 'This API key' : 'Your role'
  throw new AppError('forbidden', `${who} does not include ${access}.`)
}

/** Aborted when the caller closes the connection before the answer is complete. */
function leaveSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  return controller.signal
}

function routePath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

function hasVersion(answer: unknown): answer is { version: number } {
  return typeof answer === 'object' && answer !== null && typeof (answer as { version?: unknown }).version === 'number'
}

function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url
  if (route === '/healthz' || route === '/readyz') return
  const entry = {
    method: request.method,
    // The pattern, not the address: that may hold what is nobody's business.
    route: route ?? '(none)',
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    userId: actors.get(request)?.userId,
  }
  request.log.info(entry, 'request')
}
