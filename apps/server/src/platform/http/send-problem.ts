import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { newId } from '../crypto/index.ts'
import { AppError } from '../errors.ts'
import { toProblem } from './problem.ts'

/** Answers a failure as problem details, and logs what is our own fault. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
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

/** What Node's parser refuses has no request: the answer is written by hand. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
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
