import { setTimeout as sleep } from 'node:timers/promises'
import type { Ctx } from '../../platform/context.ts'
import { wayOut } from '../outbound/index.ts'
import { type AdapterEvent, adapterFor } from './adapters/index.ts'
import { getConnection } from './connections.ts'
import { estimateInput } from './count-tokens.ts'
import { replyAsGuide } from './guide/index.ts'
import { ModelError } from './model-error.ts'
import { ProviderCall } from './open-call.ts'
import type { Model, ModelEvent, Prompt } from './types.ts'

/** A provider that asks for more patience than this gets no second try: the person decides. */
const MAX_RETRY_WAIT_MS = 20_000

/** Sees a call from beginning to end: room is taken before it, and what it took is booked after. */
export interface CallObserver {
  /** Before anything is sent. Answers how long the answer may be, if there is a limit. Throws what refuses the call. */
  begin(): Promise<number | undefined>
  saw(event: ModelEvent): void
  /** After it, however it ended: what was thrown, if something was, and whether anything was sent. */
  end(failure: unknown, sent: boolean): Promise<void>
}

/**
 * Asks a model and passes on what it says. Tries again, after a pause, what may pass by itself, but only while nothing
 * was shown. Throws ModelError, or the signal's reason when it aborts; then, and when the consumer leaves the loop, the
 * provider's socket is closed at once.
 */
export async function* askModel(
  ctx: Ctx,
  model: Model,
  prompt: Prompt,
  options: { signal: AbortSignal; maxOutputTokens?: number; observer?: CallObserver },
): AsyncGenerator<ModelEvent> {
  const { signal, observer } = options
  signal.throwIfAborted()
  const maxOutputTokens = observer ? await observer.begin() : options.maxOutputTokens
  let failure: unknown
  let sent = false
  try {
    signal.throwIfAborted()
    if (model.protocol === 'guide') {
      for await (const event of replyAsGuide(prompt, signal)) {
        observer?.saw(event)
        yield event
      }
      return
    }
    const connection = await getConnection(ctx, model)
    const adapter = adapterFor(connection.protocol)
    const { firstTokenMs, betweenTokensMs, maxRetries } = ctx.config.models
    const dispatcher = connection.trusted ? ctx.egress.trusted : await wayOut(ctx, ctx.actor.workspaceId)
    const body = adapter.body(connection, model, prompt, maxOutputTokens)

    sent = true
    for (let attempt = 0; ; attempt++) {
      const call = new ProviderCall({ dispatcher, connection, adapter, body, signal, firstTokenMs, betweenTokensMs })
      let shown = false
      let written = 0
      try {
        for (let events = await call.next(); events !== null; events = await call.next()) {
          for (const event of events) {
            shown = true
            if ('delta' in event) written += event.delta.length
            const told = event.type === 'finish' ? withTokens(event, prompt, written) : event
            observer?.saw(told)
            yield told
          }
        }
        return
      } catch (error) {
        if (shown || attempt >= maxRetries || !(error instanceof ModelError) || !error.retryable) throw error
        const waitMs = retryWaitMs(attempt, error)
        if (waitMs > MAX_RETRY_WAIT_MS) throw error
        ctx.log.info({ model: model.id, code: error.code, attempt, waitMs }, 'asking the model again')
        await pause(waitMs, signal)
      } finally {
        call.close()
      }
    }
  } catch (error) {
    failure = error
    throw error
  } finally {
    await observer?.end(failure, sent)
  }
}

/** Doubles from half a second, with jitter so that many runs do not come back together; never sooner than was asked for. */
function retryWaitMs(attempt: number, error: ModelError): number {
  const backOffMs = 500 * 2 ** attempt * (0.5 + Math.random())
  return Math.max(backOffMs, (error.retryAfterSeconds ?? 0) * 1000)
}

async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(waitMs, undefined, { signal })
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
}

/** A provider that does not count gets our estimate, so that budgets still mean something. */
function withTokens(event: Extract<AdapterEvent, { type: 'finish' }>, prompt: Prompt, written: number): ModelEvent {
  if (event.tokens) return { ...event, tokens: event.tokens }
  const tokens = {
    input: estimateInput(prompt),
    cachedInput: 0,
    output: Math.ceil(written / 3.6),
    reasoning: 0,
  }
  return { ...event, tokens, estimated: true }
}
