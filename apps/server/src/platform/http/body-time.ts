import type { FastifyInstance } from 'fastify'
import { AppError } from '../errors.ts'

/**
 * Gives bodies so long to arrive; forms have the time of the whole request instead, since files are large. The answer
 * closes the connection: what still comes on it is nothing that could be answered.
 */
export function limitBodyTime(app: FastifyInstance, bodyMs: number): void {
  app.addHook('preParsing', (request, reply, payload, done) => {
    const isForm = request.headers['content-type']?.startsWith('multipart/') === true
    if (!request.raw.complete && !isForm) {
      const timer = setTimeout(() => {
        if (reply.sent || payload.listenerCount('error') === 0) {
          // It was refused for another reason, and nobody reads what still comes.
          request.raw.destroy()
          return
        }
        reply.header('connection', 'close')
        // Not destroyed: that would take the connection, and the answer with it.
        payload.emit('error', new AppError('request_timeout', 'The body did not arrive in time.'))
      }, bodyMs)
      payload.once('end', () => clearTimeout(timer))
      payload.once('close', () => clearTimeout(timer))
    }
    done(null, payload)
  })
}
