import { errorCodes } from '@parley/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { AppError } from '../../../platform/errors.ts'
import { callerOf, type Http, requireText, takeJson, toProblem } from '../../../platform/http/index.ts'
import { takeTry } from '../sign-in-throttle.ts'
import type { ScimCtx } from './scim-ctx.ts'
import { ScimError, type ScimType } from './scim-error.ts'
import { takeRequest } from './throttle.ts'
import { authenticateDirectory } from './tokens.ts'

const mediaType = 'application/scim+json'
const errorSchemaId = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** A request of a directory. `search` are the query parameters, or the body of a `.search`. */
export interface ScimRequest {
  params: Record<string, string>
  query: Record<string, unknown>
  body: unknown
  ifMatch: string | undefined
  ifNoneMatch: string | undefined
}

/** What is answered: a resource, a list, or nothing. */
export interface ScimAnswer {
  status: number
  body?: Record<string, unknown>
  headers?: Record<string, string>
}

export interface ScimRoute {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  handle(ctx: ScimCtx, request: ScimRequest): Promise<ScimAnswer> | ScimAnswer
}

const contexts = new WeakMap<FastifyRequest, ScimCtx>()

/**
 * Opens `/scim/v2`: another protocol than the rest of the API, with its own media type, errors and credential. What holds
 * for every request (its id, the size of a body, headers, the log) holds here too.
 */
export function openScimDoor(http: Http, routes: ScimRoute[]): void {
  const { platform } = http
  http.app.register(
    async (door: FastifyInstance) => {
      // Both media types are JSON (RFC 7644, section 3.1).
      door.removeAllContentTypeParsers()
      takeJson(door, [mediaType, 'application/json'])
      door.setErrorHandler((error, request, reply) => sendError(error, request, reply))
      door.addHook('onRequest', async (request) => {
        const directory = await authenticateDirectory(platform, request.headers.authorization)
        if (directory === undefined) {
          await takeTry(platform, request.ip, undefined)
          throw new AppError('unauthenticated', 'Send a provisioning token of a workspace as a bearer token.')
        }
        await takeRequest(platform, directory.tokenId)
        const log = request.log as Logger
        contexts.set(request, { ...platform, ...directory, requestId: request.id, caller: callerOf(request), log })
      })
      for (const route of routes) {
        door.route({
          method: route.method,
          url: route.path,
          handler: async (request, reply) => {
            const { params, query, body, headers } = request
            for (const [value, place] of [
              [params, 'address'],
              [query, 'query parameters'],
              [body, 'body'],
            ] as const)
              requireText(value, place)
            const answer = await route.handle(contexts.get(request)!, {
              params: params as Record<string, string>,
              query: query as Record<string, unknown>,
              body,
              ifMatch: headers['if-match'],
              ifNoneMatch: headers['if-none-match'],
            })
            return send(reply, answer)
          },
        })
      }
      door.setNotFoundHandler((request) => {
        throw notThere(routes, request)
      })
    },
    { prefix: '/scim/v2' },
  )
}

function send(reply: FastifyReply, { status, body, headers = {} }: ScimAnswer): FastifyReply {
  reply.code(status).headers({ 'cache-control': 'no-store', ...headers })
  if (body === undefined) return reply.send()
  // As a buffer: else a charset is added, which this media type has not.
  return reply.type(mediaType).send(Buffer.from(JSON.stringify(body)))
}

/** Answers a failure in SCIM's form, and logs what is our own fault. */
function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, detail, scimType, headers, unexpected } = describe(error, request.id)
  if (unexpected) {
    request.log.error({ err: error, method: request.method, route: request.routeOptions?.url }, 'A request failed.')
  }
  reply.headers(headers)
  const body = { schemas: [errorSchemaId], status: String(status), ...(scimType ? { scimType } : {}), detail }
  return send(reply, { status, body })
}

function describe(error: unknown, requestId: string) {
  if (error instanceof ScimError) {
    const { status, message: detail, scimType } = error
    return { status, detail, scimType, headers: {}, unexpected: false }
  }
  const { problem, headers, unexpected } = toProblem(error, requestId)
  const { status } = errorCodes[problem.code]
  const scimTypes: Partial<Record<string, ScimType>> = {
    invalid_json: 'invalidSyntax',
    invalid_request: 'invalidValue',
    conflict: 'uniqueness',
  }
  const detail =
    problem.code === 'unsupported_media_type' ? `Send the body as ${mediaType} or application/json.` : problem.detail
  return { status, detail, scimType: scimTypes[problem.code], headers, unexpected }
}

function notThere(routes: ScimRoute[], { method, url }: FastifyRequest): ScimError {
  const path = url.split('?')[0]!.replace(/^\/scim\/v2/, '')
  const known = routes.some((route) => new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path))
  return known
    ? new ScimError(405, undefined, `${method} is not possible here.`)
    : new ScimError(404, undefined, 'There is nothing at this address.')
}
