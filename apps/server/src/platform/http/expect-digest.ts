import { pipeline } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'
import { digestCheck, type ExpectedDigest } from '../signatures/index.ts'

const expected = new WeakMap<FastifyRequest, ExpectedDigest[]>()

/** Has the request fail unless its body has these digests; to be called before the body is read. */
export function expectDigest(request: FastifyRequest, digests: ExpectedDigest[]): void {
  expected.set(request, digests)
}

/** Digests bodies as they arrive, before anything is made of them, where `expectDigest` asked for it. */
export function checkDigests(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const digests = expected.get(request)
    if (!digests) return done(null, payload)
    // Whoever reads the result hears of a failure from it.
    const checked = pipeline(payload, digestCheck(digests, altered), () => undefined)
    done(null, checked)
  })
}

function altered(): AppError {
  return new AppError('signature_invalid', 'The body is not the one that was signed: Content-Digest does not fit it.')
}
