import type { BudgetNotice, PrivateKind, UsagePurpose } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { bookCall, type OpenCall, openCall } from '../usage/index.ts'
import { askModel, type CallObserver } from './ask-model.ts'
import { priceOf, sizeOf } from './count-tokens.ts'
import { ModelError } from './model-error.ts'
import { screenPrompt } from './screen-prompt.ts'
import type { Model, ModelEvent, Prompt, Tokens } from './types.ts'

/** Whom and what a call is for. */
export interface CallPurpose {
  /** Names the call among all, so that it is booked once. */
  key: string
  purpose: UsagePurpose
  runId: string
  conversationId: string
  messageId: string
  /** The API key that asked, if one did. */
  apiKeyId: string | null
}

export interface ReplyOptions {
  signal: AbortSignal
  maxOutputTokens?: number
  /** What the call may cost at most: the answer gets as much room as that buys. */
  maxCostMicroUsd?: number | null
  call: CallPurpose
  /** Told what the call took when it is over, just before that is booked. */
  onUsage?: (tokens: Tokens, costMicroUsd: number | null) => void
  /** Told of budgets that warn, or that cut the answer short. */
  onLimit?: (notice: BudgetNotice) => void
  /** Told what is private in the latest of the prompt, where the workspace wants to be warned. */
  onPrivate?: (kinds: PrivateKind[]) => void
}

/**
 * Asks a model and passes on what it says: the one door to models, through which budgets are kept, and what is private. What
 * the call may take is reserved before, and what it took is booked after, whatever became of it. Throws ModelError, the
 * signal's reason, `private_content` or `budget_exceeded`; see `askModel`.
 */
export async function streamReply(
  ctx: Ctx,
  model: Model,
  prompt: Prompt,
  options: ReplyOptions,
): Promise<AsyncGenerator<ModelEvent>> {
  const { signal } = options
  const screened = await screenPrompt(ctx, model, prompt, options.call)
  if (screened.warnings.length > 0) options.onPrivate?.(screened.warnings)
  const observer = new Meter(ctx, model, screened.prompt, options)
  return screened.restore(askModel(ctx, model, screened.prompt, { signal, observer }))
}

/** Failures by which a provider refuses a call before it works: it bills nothing. */
const unbilled = new Set<string>([
  'egress_refused',
  'model_auth',
  'model_bad_request',
  'model_content_refused',
  'model_context_too_long',
  'model_network',
  'model_overloaded',
  'model_quota',
  'model_rate_limited',
  'model_unavailable',
])

/** Tokens that hardly any answer exceeds. */
const unknownAnswer = 16_384

class Meter implements CallObserver {
  readonly #ctx: Ctx
  readonly #model: Model
  readonly #prompt: Prompt
  readonly #options: ReplyOptions
  readonly #startedAt = performance.now()
  #open: OpenCall | undefined
  #firstTokenMs: number | null = null
  #written = 0
  #tokens: Tokens | null = null
  #estimated = true

  constructor(ctx: Ctx, model: Model, prompt: Prompt, options: ReplyOptions) {
    this.#ctx = ctx
    this.#model = model
    this.#prompt = prompt
    this.#options = options
  }

  async begin(): Promise<number | undefined> {
    const { key, ...call } = this.#options.call
    const { id, providerId, protocol } = this.#model
    // The built-in guide costs nobody anything, so that it answers when all is spent.
    const isFree = protocol === 'guide'
    const affordable = this.#affordable()
    this.#open = await openCall(
      this.#ctx,
      { ...call, callKey: key, provider: providerId, model: id, price: this.#model.price },
      isFree ? null : () => ({ input: sizeOf(this.#prompt), wantedOutput: Math.min(this.#wanted(), affordable) }),
    )
    for (const notice of this.#open.warnings) this.#options.onLimit?.(notice)
    const room = Math.min(
      this.#options.maxOutputTokens ?? Number.POSITIVE_INFINITY,
      this.#open.maxOutputTokens ?? Number.POSITIVE_INFINITY,
      affordable < this.#wanted() ? affordable : Number.POSITIVE_INFINITY,
    )
    return Number.isFinite(room) ? room : undefined
  }

  /** The longest answer that may come. Of a model that nothing is known of, `maxOutputTokens` is only a guess. */
  #wanted(): number {
    const { maxOutputTokens, contextTokens } = this.#model
    const most = Math.max(maxOutputTokens, Math.min(unknownAnswer, Math.floor(contextTokens / 2)))
    return Math.min(this.#options.maxOutputTokens ?? most, most)
  }

  /** Tokens of output that `maxCostMicroUsd` buys; at least a few, so that it is said after a call that it is spent. */
  #affordable(): number {
    const { maxCostMicroUsd } = this.#options
    const { price, contextTokens } = this.#model
    if (maxCostMicroUsd == null || price === null || price.outputMicroUsd === 0) return Number.POSITIVE_INFINITY
    const dearest = contextTokens * price.inputMicroUsd + this.#wanted() * price.outputMicroUsd
    if (dearest <= maxCostMicroUsd * 1e6) return Number.POSITIVE_INFINITY
    const forAnswer = maxCostMicroUsd * 1e6 - sizeOf(this.#prompt).likely * price.inputMicroUsd
    return Math.max(16, Math.floor(forAnswer / price.outputMicroUsd))
  }

  saw(event: ModelEvent): void {
    this.#firstTokenMs ??= Math.round(performance.now() - this.#startedAt)
    if ('delta' in event) this.#written += event.delta.length
    if (event.type !== 'finish') return
    this.#tokens = event.tokens
    this.#estimated = event.estimated === true
    if (event.reason === 'length' && this.#open?.lowered) this.#options.onLimit?.(this.#open.lowered)
  }

  async end(failure: unknown, sent: boolean): Promise<void> {
    if (!this.#open) return
    const tokens = this.#tokens ?? this.#estimate(failure, sent)
    const costMicroUsd = priceOf(this.#model, tokens)
    this.#options.onUsage?.(tokens, costMicroUsd)
    const crossed = await bookCall(this.#ctx, this.#open, {
      tokens,
      costMicroUsd,
      latencyMs: Math.round(performance.now() - this.#startedAt),
      firstTokenMs: this.#firstTokenMs,
      outcome: this.#tokens ? 'finished' : this.#options.signal.aborted ? 'stopped' : 'failed',
      estimated: this.#estimated,
    })
    for (const notice of crossed) this.#options.onLimit?.(notice)
  }

  /** For a call that ended before its provider told what it took. */
  #estimate(failure: unknown, sent: boolean): Tokens {
    const nothing = { input: 0, cachedInput: 0, output: 0, reasoning: 0 }
    const began = this.#firstTokenMs !== null
    if (!sent || (!began && failure instanceof ModelError && unbilled.has(failure.code))) return nothing
    const output = Math.ceil(this.#written / 3.6)
    const most = this.#open?.maxOutputTokens ?? Number.POSITIVE_INFINITY
    return { ...nothing, input: sizeOf(this.#prompt).likely, output: Math.min(output, most) }
  }
}
