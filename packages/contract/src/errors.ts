import { z } from 'zod'
import { budgetNoticeSchema } from './budgets.ts'

/**
 * Every error code a client can meet, with its HTTP status and title. Closed: a server never answers a code that is not
 * here, and a client may switch over it. Sent as `application/problem+json` (RFC 9457).
 */
export const errorCodes = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  invalid_credentials: { status: 401, title: 'Email or password is wrong' },
  signature_invalid: { status: 401, title: 'The request is not signed as its key asks' },
  address_not_allowed: { status: 403, title: 'The key may not be used from this address' },
  second_factor_invalid: { status: 401, title: 'The second factor was not accepted' },
  sign_in_expired: { status: 401, title: 'This sign-in has expired' },
  second_factor_required: { status: 403, title: 'A second factor is required' },
  proof_required: { status: 403, title: 'Confirm that it is you' },
  csrf_failed: { status: 403, title: 'The request did not come from this site' },
  forbidden: { status: 403, title: 'Not allowed' },
  signup_closed: { status: 403, title: 'Sign-up is closed' },
  sso_required: { status: 403, title: 'Single sign-on is needed' },
  setup_token_required: { status: 403, title: 'The set-up link is needed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  not_acceptable: { status: 406, title: 'No such representation' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  conflict: { status: 409, title: 'In conflict with what is stored' },
  version_conflict: { status: 409, title: 'Changed by someone else meanwhile' },
  run_in_progress: { status: 409, title: 'A reply is still being written' },
  run_not_waiting: { status: 409, title: 'The run waits for nothing' },
  idempotency_conflict: { status: 409, title: 'The idempotency key was used for another request' },
  name_taken: { status: 409, title: 'The name is taken' },
  role_in_use: { status: 409, title: 'The role is in use' },
  last_sign_in_method: { status: 409, title: 'No way to sign in would remain' },
  weak_password: { status: 422, title: 'The password is easy to guess' },
  link_invalid: { status: 410, title: 'The link does not work any more' },
  email_unverified: { status: 403, title: 'The email address has to be confirmed' },
  email_taken: { status: 409, title: 'The email address is taken' },
  payload_too_large: { status: 413, title: 'Too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  unprocessable: { status: 422, title: 'Cannot be done' },
  private_content: { status: 422, title: 'The workspace does not send this to models' },
  egress_refused: { status: 422, title: 'The address may not be reached' },
  rate_limited: { status: 429, title: 'Too many requests' },
  budget_exceeded: { status: 429, title: 'The budget is used up' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong here' },
  model_auth: { status: 502, title: 'The model provider refused the key' },
  model_quota: { status: 502, title: 'The model provider account is out of quota' },
  model_rate_limited: { status: 503, title: 'The model provider is limiting requests' },
  model_overloaded: { status: 503, title: 'The model provider is overloaded' },
  model_context_too_long: { status: 422, title: 'Too long for the model' },
  model_content_refused: { status: 422, title: 'The model provider refused the content' },
  model_bad_request: { status: 502, title: 'The model provider did not accept the request' },
  model_network: { status: 502, title: 'The model provider could not be reached' },
  model_timeout: { status: 504, title: 'The model provider did not answer in time' },
  model_unavailable: { status: 422, title: 'No such model' },
  tool_server_unavailable: { status: 502, title: 'The tool server could not be reached' },
  tool_failed: { status: 502, title: 'The tool failed' },
  run_limit: { status: 422, title: 'The run reached a limit' },
  payments_unavailable: { status: 503, title: 'Payments are not possible right now' },
  unavailable: { status: 503, title: 'Not available right now' },
} as const satisfies Record<string, { status: number; title: string }>

export type ErrorCode = keyof typeof errorCodes

const codes = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]

export const errorCodeSchema = z.enum(codes)

/**
 * A limit and what is left of it. `name` says which: `address`, `person`, `key` and `expensive` keep a pace;
 * `messages`, with what it is counted for behind it, is what a plan allows.
 */
export const limitStateSchema = z
  .object({
    name: z.string(),
    /** For people: "your messages", "all messages of the workspace". */
    about: z.string(),
    /** At most so many within `windowSeconds`. */
    limit: z.int(),
    windowSeconds: z.int(),
    remaining: z.int(),
    /** When all of `limit` is there again. */
    resetsAt: z.string(),
    /** Until one more is possible; 0 while some remain. */
    retryAfterSeconds: z.int(),
  })
  .meta({ id: 'LimitState' })
export type LimitState = z.infer<typeof limitStateSchema>

/** RFC 9457 problem details; `errors` points at each invalid field by JSON Pointer (RFC 6901). */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: errorCodeSchema,
    requestId: z.string(),
    errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
    /** Of 429: the limit that was reached. */
    limit: limitStateSchema.optional(),
    /** With `budget_exceeded`: which budget, what is left of it, and when it begins anew. */
    budget: budgetNoticeSchema.optional(),
  })
  .meta({ id: 'Problem' })

/** Why a reply failed, as it is kept with the message and the run. */
export const failureSchema = z.object({
  code: errorCodeSchema,
  message: z.string(),
  budget: budgetNoticeSchema.optional(),
})
export type Failure = z.infer<typeof failureSchema>

export type Problem = z.infer<typeof problemSchema>
