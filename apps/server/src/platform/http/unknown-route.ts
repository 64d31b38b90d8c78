import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'

/**
 * What no route answers: `OPTIONS` of a known address tells its methods, another method of it is `method_not_allowed`,
 * and the rest is the web app's page, for a browser that navigates, or `not_found`.
 */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const known: { pattern: RegExp; methods: Set<string> }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return
    const pattern = new RegExp(`^${url.replaceAll(/[.+?^$()[\]\\]/g, '\\$&').replaceAll(/:\w+/g, '[^/]+')}$`)
    const entry = known.find((other) => other.pattern.source === pattern.source) ?? { pattern, methods: new Set() }
    if (entry.methods.size === 0) known.push(entry)
    for (const each of [method].flat()) entry.methods.add(each)
  })

  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?')[0]!
    const methods = known.filter(({ pattern }) => pattern.test(path)).flatMap((entry) => [...entry.methods])
    // A known method that is not answered: a part of the address was too long.
    if (methods.length > 0 && !methods.includes(request.method)) {
      reply.header('allow', [...new Set(methods), 'OPTIONS'].join(', '))
      if (request.method === 'OPTIONS') return reply.code(204).send()
      throw new AppError('method_not_allowed', `${request.method} is not possible here.`)
    }
    const page = pages.get(app)
    if (page && isNavigation(request, path)) return page(request, reply)
    throw new AppError('not_found', 'There is nothing at this address.')
  })
}

const pages = new WeakMap<FastifyInstance, (request: FastifyRequest, reply: FastifyReply) => unknown>()

/** Has a browser that opens any other address, outside the APIs, get this page. */
export function answerNavigationWith(
  app: FastifyInstance,
  page: (request: FastifyRequest, reply: FastifyReply) => unknown,
): void {
  pages.set(app, page)
}

function isNavigation(request: FastifyRequest, path: string): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  if (/^\/(api|v1|mcp|agui|assets)(\/|$)/.test(path) || /\.\w{1,8}$/.test(path)) return false
  // What takes anything is a person with curl.
  const { accept = '*/*' } = request.headers
  return accept.includes('text/html') || (path === '/' && accept.includes('*/*'))
}
