import { type ErrorCode, errorCodes, type LimitState, problemSchema } from '@parley/contract'

/** The server's codes, and two of the client's own: it was not reached, or answered something that is not Parley's. */
export type ParleyErrorCode = ErrorCode | 'network' | 'unexpected_answer'

/** A request that failed. `message` is a sentence that may be shown to people. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError'
  readonly code: ParleyErrorCode
  /** HTTP status; 0 when the server was not reached. */
  readonly status: number
  /** Names the request in the server's log. */
  readonly requestId: string | null
  /** What is wrong with each invalid field, by the field's path: `email`, `answers.0.decision`. */
  readonly fields: Record<string, string>
  /** Seconds to wait before trying again, when the server said so. */
  readonly retryAfter: number | null
  /** With `rate_limited`: which limit was reached, how large it is, when it resets. */
  readonly limit: LimitState | null

  constructor(
    code: ParleyErrorCode,
    message: string,
    details: {
      status?: number
      requestId?: string
      fields?: Record<string, string>
      retryAfter?: number | null
      limit?: LimitState | undefined
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: details.cause })
    this.code = code
    this.status = details.status ?? (code in errorCodes ? errorCodes[code as ErrorCode].status : 0)
    this.requestId = details.requestId ?? null
    this.fields = details.fields ?? {}
    this.retryAfter = details.retryAfter ?? null
    this.limit = details.limit ?? null
  }
}

/** The error an unsuccessful answer stands for: problem details (RFC 9457), or anything a proxy may have put there. */
export async function errorOf(response: Response): Promise<ParleyError> {
  const retryAfter = retryAfterSeconds(response.headers.get('retry-after'))
  const body: unknown = await response.json().catch(() => null)
  const problem = problemSchema.safeParse(body)
  if (!problem.success) {
    const message = `The server answered ${response.status} without saying why.`
    return new ParleyError('unexpected_answer', message, { status: response.status, retryAfter })
  }
  const { code, detail, title, status, requestId, errors = [], limit } = problem.data
  const fields = Object.fromEntries(errors.map((error) => [fieldOf(error.pointer), error.message]))
  return new ParleyError(code, detail || title, { status, requestId, fields, retryAfter, limit })
}

/** JSON Pointer (RFC 6901) of a body's field as a dotted path. */
function fieldOf(pointer: string): string {
  const steps = pointer.replace(/^#?\//, '').split('/')
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')).join('.')
}

/** `Retry-After` (RFC 9110, 10.2.3): seconds or a date. */
function retryAfterSeconds(value: string | null): number | null {
  if (!value) return null
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds)
  const date = Date.parse(value)
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000)
}
