import { type ErrorCode, errorCodes, type Problem } from '@parley/contract'
import type { z } from 'zod'
import { AppError } from '../errors.ts'
import { EgressRefused } from '../net/index.ts'
import { limitHeaders } from './limit-headers.ts'

/** What a failure looks like from outside: the one translator for HTTP, WebSocket and event streams. */
export interface Translated {
  problem: Problem
  headers: Record<string, string>
  /** Whether it is our fault: to be logged with its stack. */
  unexpected: boolean
}

/** Any thrown thing as problem details (RFC 9457). What is not known becomes `internal` and says nothing. */
export function toProblem(error: unknown, requestId: string): Translated {
  const known = toAppError(error)
  const appError =
    known ??
    new AppError(
      'internal',
      `Something went wrong on the server. Whoever runs it finds the reason in its log, under ${requestId}.`,
    )
  const { status, title } = errorCodes[appError.code]
  const headers: Record<string, string> = {}
  if (appError.retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.ceil(appError.retryAfterSeconds))
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  const { message: detail, code, fields, limit, budget } = appError
  const problem: Problem = { type: `urn:parley:problem:${code}`, title, status, detail, code, requestId }
  if (fields && fields.length > 0) problem.errors = fields
  if (limit) {
    problem.limit = limit
    Object.assign(headers, limitHeaders([{ ...limit, oneMoreAfterSeconds: limit.retryAfterSeconds }]))
  }
  if (budget) problem.budget = budget
  return { problem, headers, unexpected: known === undefined }
}

/** Every failure of validation as one `invalid_request`; `where` is said before each message (`query`, `path`). */
export function invalidRequest(error: z.ZodError, where: 'body' | 'query' | 'path'): AppError {
  const fields = error.issues.flatMap((issue) => fieldsOf(issue)).slice(0, 50)
  const first = fields[0]!
  const place = where === 'body' ? 'body' : where === 'query' ? 'query parameters' : 'address'
  const name = first.pointer === '' ? '' : ` at ${first.pointer}`
  return new AppError('invalid_request', `The ${place} is not valid${name}: ${first.message}`, { fields })
}

function fieldsOf(issue: z.core.$ZodIssue): { pointer: string; message: string }[] {
  const pointer = pointerOf(issue.path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: pointer + pointerOf([key]), message: 'There is no such field.' }))
  }
  // Of several shapes, what is wrong with the one that came nearest tells most.
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = issue.errors.reduce((best, other) => (depthOf(other) > depthOf(best) ? other : best))
    return nearest.flatMap((inner) => fieldsOf({ ...inner, path: [...issue.path, ...inner.path] }))
  }
  return [{ pointer, message: issue.message }]
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map(({ path }) => path.length))
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function toAppError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error
  if (error instanceof EgressRefused) return new AppError('egress_refused', error.message)
  if (error instanceof Error && connectionFailed.test(error.message)) return databaseAway(error)
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown }
  if (typeof code !== 'string') return undefined
  if (code.startsWith('FST_')) return fromFastify(code, typeof statusCode === 'number' ? statusCode : 500)
  if (/^[0-9A-Z]{5}$/.test(code)) return fromPostgres(code, error)
  return undefined
}

/** How node-postgres says that no connection was free in time, or that one broke: without a code. */
const connectionFailed = /^(timeout exceeded when trying to connect|Connection terminated)/

const fastifyCodes: Record<string, [ErrorCode, string]> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_json', 'The body is not valid JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_json', 'The body is empty, and has to be JSON.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'The body is too large.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'Send the body as application/json.'],
  FST_ERR_CTP_INVALID_TYPE: ['unsupported_media_type', 'Send the body as application/json.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'The body is not as long as Content-Length says.'],
  FST_ERR_BAD_URL: [
    'invalid_request',
    'The address is not encoded well: a % has to be followed by two hexadecimal digits.',
  ],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'There is nothing at this address.'],
  FST_REQ_FILE_TOO_LARGE: ['payload_too_large', 'The file is too large.'],
  FST_FILES_LIMIT: ['payload_too_large', 'There are too many files.'],
  FST_FIELDS_LIMIT: ['payload_too_large', 'There are too many fields.'],
  FST_PARTS_LIMIT: ['payload_too_large', 'There are too many parts.'],
  FST_INVALID_MULTIPART_CONTENT_TYPE: ['unsupported_media_type', 'Send the body as multipart/form-data.'],
}

function fromFastify(code: string, status: number): AppError | undefined {
  const known = fastifyCodes[code]
  if (known) return new AppError(...known)
  if (status === 413) return new AppError('payload_too_large', 'The request is too large.')
  if (status === 415) return new AppError('unsupported_media_type', 'This media type is not understood here.')
  if (status >= 400 && status < 500) return new AppError('invalid_request', 'The request is not well formed.')
  return undefined
}

/** Classes of SQLSTATE that say more about the request or the moment than about us. The cause goes to the log. */
function fromPostgres(code: string, cause: unknown): AppError | undefined {
  if (code.startsWith('22'))
    return new AppError('invalid_request', 'A value in the request cannot be stored.', { cause })
  if (code === '23503' || code === '23505') {
    return new AppError('conflict', 'This is in conflict with what is stored. Load it again and repeat.', { cause })
  }
  if (/^(08|53|57P)/.test(code) || code === '40001' || code === '40P01' || code === '57014') {
    return databaseAway(cause)
  }
  return undefined
}

function databaseAway(cause: unknown): AppError {
  const retryAfterSeconds = 2
  return new AppError('unavailable', 'The database is busy or restarting. Try again in a moment.', {
    cause,
    retryAfterSeconds,
  })
}
