import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import compress from '@fastify/compress'
import type { BodyOf, Endpoint, ParamsOf, QueryOf, ResponseOf } from '@parley/contract'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { Logger } from 'pino'
import type { Actor, Ctx, Platform } from '../context.ts'
import { newId } from '../crypto/index.ts'
import { AppError } from '../errors.ts'
import { requireSameSite } from './csrf.ts'
import { checkDigests } from './expect-digest.ts'
import { securityHeaders } from './headers.ts'
import { type Idempotency, idempotencyOf } from './idempotency.ts'
import { takeJson } from './json-body.ts'
import { toProblem } from './problem.ts'
import { refuseAmbiguous } from './refuse-ambiguous.ts'
import { whileGood } from './revocations.ts'
import { signedBodyOf } from './signed-body.ts'
import { answerUnknownRoutes } from './unknown-route.ts'
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

/** Refuses requests that come too often; see platform/limits. Both throw AppError rate_limited. */
export interface RequestLimits {
  /** Before anything is looked up: refuses those who are known to send too much. */
  refuseEarly(platform: Platform, address: string): void
  /** Counts a request of somebody, or of nobody who is known. */
  charge(platform: Platform, address: string, endpoint: Endpoint, actor: Actor | undefined): Promise<Charge>
}

/** What a request was counted against. */
export interface Charge {
  /** Tells what is left. */
  headers: Record<string, string>
  /** For requests that come to nothing: what the plan allows is for those that do. */
  giveBack?: () => void
}

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
}

const maxBodyBytes = 2 * 1024 * 1024
const compressFromBytes = 1024

/** Makes the server, not yet listening. */
export async function createHttp(
  platform: Platform,
  authenticate: Authenticate,
  limits?: RequestLimits,
): Promise<Http> {
  const { config } = platform
  const { onRequest: everyAnswer } = securityHeaders(config)
  const app = fastify({
    loggerInstance: platform.log as Logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: maxBodyBytes,
    trustProxy: config.http.trustedProxies.length > 0 ? config.http.trustedProxies : false,
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    requestTimeout: 300_000,
    routerOptions: { maxParamLength: 1000, ignoreTrailingSlash: false },
    frameworkErrors: (error, request, reply) => {
      // These come before any hook.
      reply.headers(everyAnswer).header('x-request-id', request.id)
      sendProblem(error, request, reply as FastifyReply)
    },
    clientErrorHandler,
  }) as unknown as FastifyInstance
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(everyAnswer).header('x-request-id', request.id)
    refuseAmbiguous(request)
  })
  app.addHook('onResponse', async (request, reply) => logRequest(request, reply))
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
  checkDigests(app)
  app.removeContentTypeParser(['application/json', 'text/plain'])
  takeJson(app, ['application/json'])
  await app.register(compress, {
    threshold: compressFromBytes,
    encodings: ['br', 'gzip'],
    customTypes: /^application\/(.*\+)?json/,
  })
  answerUnknownRoutes(app)

  const mounted: Endpoint[] = []

  function mount<E extends Endpoint>(
    endpoint: E,
    authorize: (request: FastifyRequest) => Promise<Actor | undefined>,
    handler: PublicHandler<E>,
  ): void {
    mounted.push(endpoint)
    const validate = validatorOf(endpoint)
    const streams = endpoint.media?.response?.includes('text/event-stream') === true
    const status = endpoint.status ?? (endpoint.response ? 200 : 204)
    app.route({
      method: endpoint.method,
      url: routePath(endpoint.path),
      config: { signedBody: endpoint.signedBody === true },
      exposeHeadRoute: !streams,
      onRequest: async (request, reply) => {
        limits?.refuseEarly(platform, request.ip)
        let actor: Actor | undefined
        try {
          actor = await authorize(request)
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
    route(endpoint, handler) {
      const authorize = async (request: FastifyRequest) => {
        const { withoutSecondFactor = false } = endpoint as Endpoint
        const actor = await authenticate(platform, request, { withoutSecondFactor })
        if (!actor) throw new AppError('unauthenticated', 'Sign in, or send a valid API key as a bearer token.')
        requireSameSite(config, request)
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

/** Answers a failure as problem details, and logs what is our own fault. */
function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { problem, headers, unexpected } = toProblem(error, request.id)
  if (request.raw.destroyed && isAbort(error)) {
    request.log.debug('The caller left before the answer.')
  } else if (unexpected) {
    request.log.error({ err: error, method: request.method, route: request.routeOptions?.url }, 'A request failed.')
  } else if (error instanceof AppError && error.cause !== undefined) {
    request.log.warn({ err: error.cause, code: error.code }, 'A request was refused.')
  }
  if (reply.raw.headersSent) {
    reply.raw.end()
    return
  }
  reply
    .code(problem.status)
    .headers(headers)
    .header('cache-control', 'no-store')
    .removeHeader('etag')
    .type('application/problem+json; charset=utf-8')
    .send(problem)
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** Aborted when the caller closes the connection before the answer is complete. */
function leaveSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  return controller.signal
}

function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : newId()
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

/** What Node's parser refuses has no request: the answer is written by hand. */
function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const refusal =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new AppError('headers_too_large', 'The headers are too large.')
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new AppError('request_timeout', 'The request did not arrive in time.')
        : new AppError('invalid_request', 'This is not a valid HTTP request.')
  const { problem } = toProblem(refusal, newId())
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nContent-Type: application/problem+json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
