import type { BudgetNotice, PrivateKind, ToolCallPart, Usage } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { type Model, type Prompt, streamReply, type Tokens } from '../models/index.ts'
import { nameKinds } from '../privacy/index.ts'
import type { OfferedTool } from '../tools/index.ts'
import { emptyUsage, type Journal } from './journal.ts'

/** One model call, written into the journal while it streams. Answers how many tools it asked for. */
export async function writeStep(
  ctx: Ctx,
  journal: Journal,
  model: Model,
  prompt: Prompt,
  tools: OfferedTool[],
  options: { apiKeyId: string | null; maxOutputTokens?: number; maxCostMicroUsd: number | null },
): Promise<number> {
  const { apiKeyId, ...bounds } = options
  const { message, lease, step } = journal
  let signature: string | undefined
  let lowered: BudgetNotice | undefined
  const openCalls = new Map<string, number>()
  let calls = 0
  try {
    const reply = await streamReply(ctx, model, prompt, {
      ...bounds,
      signal: ctx.signal,
      call: {
        key: `${lease.runId}/${step}/${lease.attempt}`,
        purpose: 'chat',
        runId: lease.runId,
        conversationId: message.conversationId,
        messageId: message.id,
        apiKeyId,
      },
      onUsage: (tokens, costMicroUsd) => {
        message.usage = addUsage(message.usage, tokens, costMicroUsd)
      },
      onPrivate: (kinds) => warnOfPrivate(journal, kinds),
      onLimit: (value) => {
        if (value.level === 'lowered') lowered = value
        journal.emit({ type: 'CUSTOM', name: 'parley.limit', value })
      },
    })
    for await (const event of reply) {
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
          finish(journal, event.reason, lowered)
      }
    }
    return calls
  } finally {
    journal.close()
    for (const toolCallId of openCalls.keys()) journal.emit({ type: 'TOOL_CALL_END', toolCallId })
  }
}

function warnOfPrivate(journal: Journal, kinds: PrivateKind[]): void {
  journal.add({
    type: 'notice',
    level: 'warning',
    text: `This holds ${nameKinds(kinds)}, which the provider of the model gets to see.`,
    origin: 'system',
    step: journal.step,
  })
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
function finish(
  journal: Journal,
  reason: 'stop' | 'length' | 'tool-calls' | 'content-filter',
  lowered: BudgetNotice | undefined,
): void {
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
    text: lowered
      ? `The answer was cut: the budget “${lowered.name}” had too little left for more.`
      : 'The answer was cut: the model reached its output limit. Ask it to go on.',
    origin: 'system',
    step: journal.step,
  })
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
