import type { BudgetNotice, ErrorCode, LimitState } from '@parley/contract'

/**
 * A failure with a code from the contract. `message` is a sentence that is safe to show and says what to do; `cause`
 * goes to the log only. Anything else that is thrown reaches people as `internal` and a request id.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  /** What is wrong with which field; `pointer` is a JSON Pointer (RFC 6901) into the body. */
  readonly fields: { pointer: string; message: string }[] | undefined
  readonly retryAfterSeconds: number | undefined
  /** The budget that refuses, with what is left of it. */
  readonly budget: BudgetNotice | undefined
  /** The limit that was reached. */
  readonly limit: LimitState | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown
      fields?: { pointer: string; message: string }[]
      retryAfterSeconds?: number
      budget?: BudgetNotice
      limit?: LimitState
    } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.fields = options.fields
    this.budget = options.budget
    this.limit = options.limit
    this.retryAfterSeconds = options.retryAfterSeconds ?? options.limit?.retryAfterSeconds
  }
}

/** What is not there, or not yours: the two are told apart nowhere (P6). */
export function notFound(what: string): AppError {
  return new AppError('not_found', `There is no such ${what}, or it is not yours.`)
}

/** The message of anything that was thrown, for logs. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
