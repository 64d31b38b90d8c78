import type { Server as TlsServer } from 'node:tls'
import compress from '@fastify/compress'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { Logger } from 'pino'
import type { Platform } from '../context.ts'
import { newId } from '../crypto/index.ts'
import { limitBodyTime } from './body-time.ts'
import { sendBusyPage } from './busy-page.ts'
import { capConnections } from './cap-connections.ts'
import { answerOtherOrigin, isPreflight, type MayCallFrom } from './cross-origin.ts'
import { checkDigests } from './expect-digest.ts'
import { securityHeaders } from './headers.ts'
import { takeJson } from './json-body.ts'
import { refuseAmbiguous } from './refuse-ambiguous.ts'
import type { RequestLimits } from './request-limits.ts'
import { answerBrokenRequest, sendProblem } from './send-problem.ts'
import { keepCertificateNew, readTls } from './tls.ts'
import { trustedProxyCheck } from './trusted-proxies.ts'
import { answerUnknownRoutes } from './unknown-route.ts'
import { leaveFlight, watchLoad } from './watch-load.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    vital?: boolean
    signedBody?: boolean
  }
}

const maxBodyBytes = 2 * 1024 * 1024
/** Of a form, which is stored as it arrives. */
const uploadBufferBytes = 64 * 1024
const compressFromBytes = 1024

/**
 * The server before anything is mounted: TLS, caps and time limits, what every answer carries, and what is refused whoever
 * asks for whatever.
 */
export async function makeApp(
  platform: Platform,
  limits: RequestLimits | undefined,
  mayCallFrom: MayCallFrom,
): Promise<{ app: FastifyInstance; reloadCertificate: () => void }> {
  const { onRequest: everyAnswer } = securityHeaders(platform.config)
  const { tls, arrival, overload, maxConnections, trustedProxies } = platform.config.http
  const slowness = { headersTimeout: arrival.headersMs, connectionsCheckingInterval: arrival.headersMs / 5 }
  const app = fastify({
    ...(tls
      ? { https: { ...readTls(tls).options, ...slowness, handshakeTimeout: arrival.headersMs } }
      : { http: slowness }),
    loggerInstance: platform.log as Logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: maxBodyBytes,
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    requestTimeout: arrival.uploadMs,
    routerOptions: { maxParamLength: 1000, ignoreTrailingSlash: false },
    frameworkErrors: (error, request, reply) => {
      // These come before any hook.
      reply.headers(everyAnswer).header('x-request-id', request.id)
      sendProblem(error, request, reply as FastifyReply)
    },
    clientErrorHandler: answerBrokenRequest,
  }) as unknown as FastifyInstance
  capConnections(app.server, maxConnections, trustedProxyCheck(trustedProxies), platform.log)
  const certificate = tls && keepCertificateNew(app.server as unknown as TlsServer, tls, platform.log)
  const load = watchLoad(overload, platform.log)
  app.addHook('onClose', async () => {
    load.close()
    certificate?.close()
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(everyAnswer).header('x-request-id', request.id)
    if (request.headers.upgrade === undefined) {
      load.begin(request, bodyBytesOf(request))
      // Also when the caller leaves before the answer, which `onResponse` does not tell.
      reply.raw.once('close', () => leaveFlight(request))
    }
    const refusal = request.routeOptions.config.vital ? undefined : load.refusal()
    if (refusal) {
      if (sendBusyPage(request, reply, refusal)) return reply
      throw refusal
    }
    refuseAmbiguous(request)
    if (request.headers.origin === undefined) return
    if (isPreflight(request)) {
      limits?.refuseEarly(platform, request.ip)
      await limits?.charge(platform, request.ip, {}, undefined)
    }
    if (await answerOtherOrigin(platform, request, reply, mayCallFrom)) return reply
  })
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
  limitBodyTime(app, arrival.bodyMs)
  checkDigests(app)
  app.removeContentTypeParser(['application/json', 'text/plain'])
  takeJson(app, ['application/json'])
  await app.register(compress, {
    threshold: compressFromBytes,
    encodings: ['br', 'gzip'],
    customTypes: /^application\/(.*\+)?json/,
  })
  answerUnknownRoutes(app)
  return { app, reloadCertificate: () => certificate?.reload() }
}

/** As much memory as the body may take. */
function bodyBytesOf({ headers }: FastifyRequest): number {
  if (headers['content-type']?.startsWith('multipart/')) return uploadBufferBytes
  if (headers['transfer-encoding'] !== undefined) return maxBodyBytes
  return Math.min(Number(headers['content-length'] ?? 0), maxBodyBytes)
}

function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : newId()
}
