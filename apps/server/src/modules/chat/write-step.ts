import type { ToolCallPart, Usage } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { countTokens, type Model, type Prompt, priceOf, streamReply } from '../models/index.ts'
import type { OfferedTool } from '../tools/index.ts'
import { recordCall } from '../usage/index.ts'
import { emptyUsage, type Journal } from './journal.ts'

/** Tokens of one model call. */
interface Tokens {
  input: number
  cachedInput: number
  output: number
  reasoning: number
}

/**
 * One model call, written into the journal while it streams. Answers how many tools it asked for. Books the usage in any
 * case: of a call that was cut off, an estimate.
 */
export async function writeStep(
  ctx: Ctx,
  journal: Journal,
  model: Model,
  prompt: Prompt,
  tools: OfferedTool[],
  options: { signal: AbortSignal; maxOutputTokens?: number },
): Promise<number> {
  const startedAt = performance.now()
  const firstPart = journal.message.parts.length
  let firstTokenMs: number | null = null
  let tokens: Tokens | null = null
  let outcome: 'finished' | 'stopped' | 'failed' = 'failed'
  let signature: string | undefined
  const openCalls = new Map<string, number>()
  let calls = 0
  try {
    for await (const event of streamReply(ctx, model, prompt, options)) {
      firstTokenMs ??= Math.round(performance.now() - startedAt)
      switch (event.type) {
        case 'text':
        case 'reasoning':
          journal.write(event.type, event.delta)
          break
        case 'reasoning-signature':
          signature = event.signature
          journal.close(signature)
          break
        case 'tool-call-start':
          calls += 1
          openCalls.set(event.id, beginToolCall(journal, event, tools))
          break
        case 'tool-call-arguments':
          journal.emit({ type: 'TOOL_CALL_ARGS', toolCallId: event.id, delta: event.delta })
          break
        case 'tool-call-end':
          journal.emit({ type: 'TOOL_CALL_END', toolCallId: event.id })
          openCalls.delete(event.id)
          break
        case 'source': {
          const { type, number, title, url, excerpt } = event
          journal.add({ type, number, title, url, excerpt, origin: 'file', step: journal.step })
          break
        }
        case 'finish':
          tokens = event.tokens
          finish(journal, event.reason)
      }
    }
    outcome = 'finished'
    return calls
  } catch (error) {
    if (ctx.signal.aborted) outcome = 'stopped'
    throw error
  } finally {
    journal.close()
    for (const toolCallId of openCalls.keys()) journal.emit({ type: 'TOOL_CALL_END', toolCallId })
    const used = tokens ?? estimate(journal, firstPart, prompt)
    const costMicroUsd = priceOf(model, used)
    journal.message.usage = addUsage(journal.message.usage, used, costMicroUsd)
    await recordCall(ctx, {
      runId: journal.lease.runId,
      conversationId: journal.message.conversationId,
      messageId: journal.message.id,
      provider: model.providerId,
      model: model.id,
      tokens: used,
      costMicroUsd,
      latencyMs: Math.round(performance.now() - startedAt),
      firstTokenMs,
      outcome,
    })
  }
}

function beginToolCall(journal: Journal, event: { id: string; name: string }, tools: OfferedTool[]): number {
  journal.close()
  const tool = tools.find((offered) => offered.name === event.name)
  const part: ToolCallPart = {
    type: 'tool-call',
    toolCallId: event.id,
    name: event.name,
    title: tool?.title ?? event.name,
    serverName: tool?.serverName ?? '',
    arguments: '',
    state: 'writing',
    origin: 'model',
    step: journal.step,
  }
  const index = journal.add(part)
  journal.emit({
    type: 'TOOL_CALL_START',
    toolCallId: event.id,
    toolCallName: event.name,
    parentMessageId: journal.message.id,
  })
  return index
}

/** What a person should know about how the model ended. */
function finish(journal: Journal, reason: 'stop' | 'length' | 'tool-calls' | 'content-filter'): void {
  journal.close()
  if (reason === 'content-filter') {
    throw new AppError(
      'model_content_refused',
      'The model provider refused to go on with this content. Ask differently.',
    )
  }
  if (reason !== 'length') return
  journal.add({
    type: 'notice',
    level: 'warning',
    text: 'The answer was cut: the model reached its output limit. Ask it to go on.',
    origin: 'system',
    step: journal.step,
  })
}

/** For a call that was cut off before the provider told its usage. */
function estimate(journal: Journal, firstPart: number, prompt: Prompt): Tokens {
  const written = journal.message.parts.slice(firstPart)
  const text = written.map((part) => (part.type === 'text' || part.type === 'reasoning' ? part.text : '')).join('')
  const said = prompt.messages.map((message) => JSON.stringify(message)).join('')
  return { input: countTokens(prompt.system + said), cachedInput: 0, output: countTokens(text), reasoning: 0 }
}

function addUsage(usage: Usage | null, tokens: Tokens, costMicroUsd: number | null): Usage {
  const sum = usage ?? emptyUsage()
  return {
    inputTokens: sum.inputTokens + tokens.input,
    cachedInputTokens: sum.cachedInputTokens + tokens.cachedInput,
    outputTokens: sum.outputTokens + tokens.output,
    reasoningTokens: sum.reasoningTokens + tokens.reasoning,
    costMicroUsd: sum.costMicroUsd === null || costMicroUsd === null ? null : sum.costMicroUsd + costMicroUsd,
  }
}
