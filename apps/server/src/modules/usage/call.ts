import type { UsagePurpose } from '@parley/contract'

/** Tokens of one model call. `input` includes `cachedInput`, `output` includes `reasoning`. */
export interface Tokens {
  input: number
  cachedInput: number
  output: number
  reasoning: number
}

/** Micro-USD per million tokens. */
export interface Price {
  inputMicroUsd: number
  cachedInputMicroUsd: number
  outputMicroUsd: number
}

/** What is known of a model call before it is made. */
export interface CallDetails {
  /** Names the call among all: run, step and attempt. Whoever books it, it is booked once. */
  callKey: string
  purpose: UsagePurpose
  workspaceId: string
  userId: string
  apiKeyId: string | null
  plan: string | null
  runId: string
  conversationId: string
  messageId: string
  provider: string
  model: string
  price: Price | null
  /** About how many tokens it sends. */
  inputTokens: number
  /** How many it may be answered with; null: as many as the model likes. */
  maxOutputTokens: number | null
  /** ISO 8601. */
  startedAt: string
}

/** Micro-USD for a call, rounded up; null where the price is not known. */
export function costOf(price: Price | null, tokens: Tokens): number | null {
  if (price === null) return null
  const fresh = Math.max(0, tokens.input - tokens.cachedInput)
  const cost =
    fresh * price.inputMicroUsd + tokens.cachedInput * price.cachedInputMicroUsd + tokens.output * price.outputMicroUsd
  return Math.ceil(cost / 1_000_000)
}
