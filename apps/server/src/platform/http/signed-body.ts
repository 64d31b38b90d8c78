import type { FastifyRequest } from 'fastify'

const bodies = new WeakMap<FastifyRequest, Buffer>()

/** Keeps a body as it was sent, where its endpoint says that its sender signs it. */
export function keepSignedBody(request: FastifyRequest, body: Buffer): void {
  if (request.routeOptions.config.signedBody) bodies.set(request, body)
}

export function signedBodyOf(request: FastifyRequest): Buffer | undefined {
  return bodies.get(request)
}
