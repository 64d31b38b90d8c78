import type { Interrupt, ToolCallPart, ToolResult } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import type { Model } from '../models/index.ts'
import { callTool, checkArguments, type OfferedTool } from '../tools/index.ts'
import type { Journal } from './journal.ts'

/**
 * Decides on each tool call the model wrote: it runs, a person is asked, or it cannot be. Only changes the journal; the
 * caller commits before anything runs. `hasReadUntrusted` is asked where it matters: from then on a tool that may have
 * effects is not run unasked (P8).
 */
export async function decideToolCalls(
  journal: Journal,
  model: Model,
  tools: OfferedTool[],
  hasReadUntrusted: () => Promise<boolean>,
): Promise<void> {
  // The guide runs the tool that the person names: what others wrote has no say in it.
  const mayBeLed = model.protocol !== 'guide'
  for (const { index, part } of journal.toolCalls()) {
    if (part.state !== 'writing') continue
    const tool = tools.find((offered) => offered.name === part.name)
    if (!tool) {
      journal.changeToolCall(index, { state: 'failed', detail: noSuchTool(part.name) })
      continue
    }
    let decision = decide(part, tool, model)
    if (decision.state === 'running' && tool.policy !== 'always' && !tool.readOnly && mayBeLed) {
      if (await hasReadUntrusted()) decision = askAfterUntrusted(tool)
    }
    journal.changeToolCall(index, { definitionHash: tool.definitionHash, ...decision })
  }
}

function decide(part: ToolCallPart, tool: OfferedTool, model: Model): Partial<ToolCallPart> {
  const { policy, readOnly, destructive, inputSchema } = tool
  const args = parseArguments(part.arguments)
  if (!args) return { state: 'failed', policy, detail: 'The arguments are not a JSON object.' }
  const check = checkArguments(tool, args)
  if (policy === 'deny') return { state: 'denied', policy, detail: 'Not called: this tool is denied here.' }
  if (!check.ok) {
    // A model can mend its arguments, the built-in guide cannot: there the person fills in a form.
    if (model.protocol !== 'guide') {
      return { state: 'failed', policy, detail: `The arguments do not fit: ${check.problems.join('; ')}` }
    }
    return { state: 'waiting', policy, ask: { reason: 'arguments', readOnly, destructive, schema: inputSchema } }
  }
  if (policy === 'ask') {
    return { state: 'waiting', policy, ask: { reason: 'approval', readOnly, destructive, schema: inputSchema } }
  }
  return { state: 'running', policy }
}

function askAfterUntrusted({ policy, readOnly, destructive, inputSchema }: OfferedTool): Partial<ToolCallPart> {
  return { state: 'waiting', policy, ask: { reason: 'untrusted', readOnly, destructive, schema: inputSchema } }
}

/**
 * After a takeover: a call that may have happened is repeated only if its tool says that a repeat is harmless; otherwise
 * the person decides (P3).
 */
export function recoverToolCalls(journal: Journal, tools: OfferedTool[]): void {
  for (const { index, part } of journal.toolCalls()) {
    if (part.state !== 'running') continue
    const tool = tools.find((offered) => offered.name === part.name)
    if (tool?.readOnly || tool?.idempotent) continue
    const { readOnly = false, destructive = true } = tool ?? {}
    journal.changeToolCall(index, { state: 'waiting', ask: { reason: 'interrupted', readOnly, destructive } })
  }
}

/**
 * Runs the calls that are to run, side by side, committing after each; answers the questions that are still open. What
 * a tool does wrong is its result, and the model goes on with it.
 */
export async function runToolCalls(ctx: Ctx, journal: Journal, tools: OfferedTool[]): Promise<Interrupt[]> {
  const due = journal.toolCalls().filter(({ part }) => part.state === 'running')
  let committed = Promise.resolve()
  await Promise.all(
    due.map(async ({ index, part }) => {
      const change = await runToolCall(ctx, journal, part, tools)
      journal.changeToolCall(index, change)
      journal.emit({
        type: 'TOOL_CALL_RESULT',
        messageId: `${journal.message.id}/${index}/result`,
        toolCallId: part.toolCallId,
        content: textOf(change),
        role: 'tool',
      })
      committed = committed.then(() => journal.commit(ctx))
      await committed
    }),
  )
  return journal
    .toolCalls()
    .filter(({ part }) => part.state === 'waiting')
    .map(({ part }) => interruptOf(part))
}

async function runToolCall(
  ctx: Ctx,
  journal: Journal,
  part: ToolCallPart,
  tools: OfferedTool[],
): Promise<Partial<ToolCallPart>> {
  const startedAt = performance.now()
  const duration = () => ({
    durationMs: Math.round(performance.now() - startedAt),
    progress: undefined,
    ask: undefined,
  })
  const args = parseArguments(part.arguments)
  if (!args || !tools.some((tool) => tool.name === part.name)) {
    return { state: 'failed', detail: args ? noSuchTool(part.name) : 'The arguments are not a JSON object.' }
  }
  try {
    const result = await callTool(
      ctx,
      { name: part.name, arguments: args, definitionHash: part.definitionHash },
      {
        signal: ctx.signal,
        conversationId: journal.message.conversationId,
        onProgress: (progress) =>
          journal.emit({
            type: 'ACTIVITY_SNAPSHOT',
            messageId: `${part.toolCallId}/progress`,
            activityType: 'tool-progress',
            content: { toolCallId: part.toolCallId, ...progress },
            replace: true,
          }),
      },
    )
    return { state: result.isError ? 'failed' : 'done', result, ...duration() }
  } catch (error) {
    ctx.signal.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    ctx.log.warn({ err: error, tool: part.name }, 'a tool call failed')
    return { state: 'failed', detail: error.message, ...duration() }
  }
}

/** What a person is asked about a waiting call. */
export function interruptOf(part: ToolCallPart): Interrupt {
  const reason = part.ask?.reason ?? 'approval'
  const messages = {
    approval: `May "${part.title}" be called?`,
    arguments: `"${part.title}" needs more to go on.`,
    untrusted: `May "${part.title}" be called? The model has read text from tools or files, which may have led it there.`,
    interrupted: `"${part.title}" was interrupted. It may or may not have happened. Call it again?`,
  }
  return { id: part.toolCallId, toolCallId: part.toolCallId, reason, message: messages[reason] }
}

function parseArguments(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text || '{}')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

function noSuchTool(name: string): string {
  return `There is no tool "${name}".`
}

function textOf(change: { detail?: string | undefined; result?: ToolResult | undefined }): string {
  const texts = change.result?.content.flatMap((item) => (item.type === 'text' ? [item.text] : [])) ?? []
  return texts.length > 0 ? texts.join('\n') : (change.detail ?? '')
}
