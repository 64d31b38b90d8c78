import type { ErrorCode } from '@parley/contract'
import { AppError } from '../../platform/errors.ts'

export type ModelErrorCode = Extract<ErrorCode, `model_${string}`> | 'egress_refused'

/** Failures that may pass by themselves. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'model_rate_limited',
  'model_overloaded',
  'model_network',
  'model_timeout',
] satisfies ErrorCode[])

/** A model call that failed. The message says who refused what and what to do, and never holds a key. */
export class ModelError extends AppError {
  declare readonly code: ModelErrorCode
  /** Whether the same request may succeed a little later. */
  readonly retryable: boolean

  constructor(code: ModelErrorCode, message: string, options: { cause?: unknown; retryAfterSeconds?: number } = {}) {
    super(code, message, options)
    this.name = 'ModelError'
    this.retryable = PASSING.has(code)
  }
}
