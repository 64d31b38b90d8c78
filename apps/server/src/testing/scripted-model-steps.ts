/** What a scripted model does, in order. Without a `finish`, one is added that fits. */
export type Step =
  /** Word by word, or in the pieces given; all at once without `everyMs`. */
  | { type: 'text'; text: string | string[]; everyMs?: number }
  | { type: 'reasoning'; text: string | string[]; everyMs?: number; signature?: string }
  /** Several in a row are parallel calls of one turn. `arguments` given as text go out as they are. */
  | { type: 'tool-call'; name: string; arguments: unknown; id?: string }
  | { type: 'wait'; ms: number }
  /** Never says anything again. */
  | { type: 'stall' }
  /** Cuts the connection (TCP reset). */
  | { type: 'reset' }
  /** Ends the answer cleanly, but in the middle: no finish, no [DONE]. */
  | { type: 'cut' }
  /** Bytes as they are, into the stream. */
  | { type: 'raw'; bytes: string | Buffer }
  /** From here on every write is cut into pieces of so many bytes, each sent on its own. */
  | { type: 'split'; bytes: number }
  /** Instead of an answer, when it is the first step; inside the stream as an error event otherwise. */
  | { type: 'fail'; kind: FailureKind; retryAfter?: string }
  | {
      type: 'finish'
      reason?: 'stop' | 'length' | 'tool-calls' | 'content-filter'
      /** Null: the answer tells none. */
      usage?: Usage | null
      /** False: no `[DONE]`, no `message_stop`. */
      done?: boolean
    }

export interface Usage {
  input: number
  cachedInput?: number
  output: number
  reasoning?: number
}

export type FailureKind =
  | 'auth'
  | 'quota'
  | 'rate-limited'
  | 'server-error'
  | 'overloaded'
  | 'context-too-long'
  | 'content-refused'
  | 'bad-request'
  | 'no-such-model'

interface FailureFacts {
  status: number
  openai: { message: string; type: string; code: string | null }
  anthropic: { type: string; message: string }
}

/** What the vendors answer. */
export const failures: Record<FailureKind, FailureFacts> = {
  auth: {
    status: 401,
    openai: {
      message: 'Incorrect API key provided: sk-scrip**ted.',
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    },
    anthropic: { type: 'authentication_error', message: 'invalid x-api-key' },
  },
  quota: {
    status: 429,
    openai: {
      message: 'You exceeded your current quota, please check your plan and billing details.',
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    },
    anthropic: { type: 'billing_error', message: 'Your credit balance is too low to access the API.' },
  },
  'rate-limited': {
    status: 429,
    openai: { message: 'Rate limit reached for requests.', type: 'requests', code: 'rate_limit_exceeded' },
    anthropic: { type: 'rate_limit_error', message: 'This request would exceed your rate limit.' },
  },
  'server-error': {
    status: 500,
    openai: { message: 'The server had an error while processing your request.', type: 'server_error', code: null },
    anthropic: { type: 'api_error', message: 'Internal server error' },
  },
  overloaded: {
    status: 529,
    openai: { message: 'The engine is currently overloaded.', type: 'overloaded_error', code: null },
    anthropic: { type: 'overloaded_error', message: 'Overloaded' },
  },
  'context-too-long': {
    status: 400,
    openai: {
      message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
      type: 'invalid_request_error',
      code: 'context_length_exceeded',
    },
    anthropic: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
  },
  'content-refused': {
    status: 400,
    openai: {
      message: 'The response was filtered due to the prompt triggering the content management policy.',
      type: 'invalid_request_error',
      code: 'content_filter',
    },
    anthropic: { type: 'invalid_request_error', message: 'Output blocked by content filtering policy' },
  },
  'bad-request': {
    status: 400,
    openai: { message: "Invalid type for 'messages'.", type: 'invalid_request_error', code: 'invalid_type' },
    anthropic: { type: 'invalid_request_error', message: 'messages: field required' },
  },
  'no-such-model': {
    status: 404,
    openai: { message: 'The model does not exist.', type: 'invalid_request_error', code: 'model_not_found' },
    anthropic: { type: 'not_found_error', message: 'model: claude-nothing' },
  },
}

/** In words, each with the white space after it, as models stream. */
export function piecesOf(text: string | string[]): string[] {
  return typeof text === 'string' ? (text.match(/\s*\S+/g) ?? [text]) : text
}
