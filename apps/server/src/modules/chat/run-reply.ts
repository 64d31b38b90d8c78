import type { Failure, Interrupt, Message, RunStatus } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError, messageOf } from '../../platform/errors.ts'
import { announce, type MessageRow } from '../conversations/index.ts'
import { chooseModel, type Model } from '../models/index.ts'
import { listOfferedTools, type OfferedTool } from '../tools/index.ts'
import { type RunFuse, type RunProgress, runFuse } from '../usage/index.ts'
import { buildPrompt } from './build-prompt.ts'
import { Journal, LeaseLost } from './journal.ts'
import { MessagesAbove } from './messages-above.ts'
import { decideToolCalls, recoverToolCalls, runToolCalls } from './run-tools.ts'
import type { RunRow } from './store.ts'
import { hasReadUntrusted } from './untrusted-context.ts'
import { writeStep } from './write-step.ts'

/** A run that brings down every process that takes it over is not taken over for ever. */
const maxAttempts = 10

/** A person stopped the run. What was written is kept. */
export class Stopped extends Error {}
/** This process lets go of the run; another goes on with it. */
export class HandedOver extends Error {}
export type End = Stopped | HandedOver
/** The model that answers, and why. */
export type ModelChoice = Awaited<ReturnType<typeof chooseModel>>

/** What need not be looked up where the run was just asked for. */
export interface KnownAtStart {
  choice?: ModelChoice | undefined
  /** The message it answers. */
  question?: MessageRow | undefined
}

/** Whoever holds the run. */
export interface RunHold {
  started(journal: Journal): void
  /** Aborts the run when it takes longer. */
  endAfter(ms: number, reason: () => AppError): void
}

/**
 * Writes one assistant message: alternates between the model and the tools it asks for until it asks for no more, a
 * person has to be asked, someone stops it, or it fails. Failures become the message's state; this never throws but for
 * what is wrong with Parley itself. `stored` stays as it is.
 */
export async function runReply(
  ctx: Ctx,
  run: RunRow,
  stored: Message,
  known: KnownAtStart,
  hold: RunHold,
): Promise<void> {
  const writer = ctx.runLog.open(run.id, run.attempt)
  const journal = new Journal(structuredClone(stored), { runId: run.id, attempt: run.attempt }, writer)
  hold.started(journal)
  journal.emit({ type: 'RUN_STARTED', threadId: run.conversationId, runId: run.id })
  journal.emit({ type: 'CUSTOM', name: 'parley.rewind', value: { message: stored } })
  if (run.attempt === 0)
    announce(ctx, { type: 'run-started', conversationId: run.conversationId, runId: run.id, messageId: run.messageId })

  const above = new MessagesAbove(stored, known.question)
  try {
    ctx.signal.throwIfAborted()
    if (run.attempt > maxAttempts) throw new AppError('internal', 'The reply failed again and again. Send it anew.')
    const interrupts = await runSteps(ctx, run, journal, above, known.choice, hold)
    if (interrupts.length > 0) await end(ctx, run, journal, above, 'interrupted', { interrupts })
    else await end(ctx, run, journal, above, 'finished', {})
  } catch (thrown) {
    const reason = ctx.signal.aborted ? ctx.signal.reason : thrown
    if (reason instanceof LeaseLost || reason instanceof HandedOver || thrown instanceof LeaseLost) {
      journal.abandon()
    } else if (reason instanceof Stopped) {
      cancelOpenToolCalls(journal, 'Stopped.')
      await end(ctx, run, journal, above, 'stopped', {}).catch(letGo(journal))
    } else {
      cancelOpenToolCalls(journal, 'The run failed.')
      await end(ctx, run, journal, above, 'failed', { error: describe(ctx, reason) }).catch(letGo(journal))
    }
  }
}

/** The steps, from wherever the message stands: it may be new, answered by a person, or left by another process. */
async function runSteps(
  ctx: Ctx,
  run: RunRow,
  journal: Journal,
  above: MessagesAbove,
  choice: ModelChoice | undefined,
  hold: RunHold,
): Promise<Interrupt[]> {
  const [{ model, reason }, offered, fuse] = await Promise.all([
    choice ?? chooseModel(ctx, run.model),
    // A call that is due was decided on already: its server may just be starting, as we are.
    listTools(ctx, run, { patient: journal.toolCalls().some(({ part }) => part.state === 'running') }),
    runFuse(ctx),
  ])
  hold.endAfter(fuse.maxMs, fuse.tookTooLong)
  let tools = offered
  if (run.attempt > 0) recoverToolCalls(journal, tools)
  const asked = await runToolCalls(ctx, journal, tools)
  if (asked.length > 0) return asked

  journal.emit({
    type: 'CUSTOM',
    name: 'parley.model',
    value: { messageId: journal.message.id, model: model.id, reason: run.modelReason || reason },
  })
  for (;;) {
    fuse.requireMore(progressOf(journal))
    journal.step += 1
    const calls = await oneStep(ctx, run, journal, above, model, tools, fuse)
    if (calls === 0) return []
    fuse.requireCalls(progressOf(journal))
    const questions = await runToolCalls(ctx, journal, tools)
    if (questions.length > 0) return questions
    tools = await listTools(ctx, run)
  }
}

/** The tools that the person may use and the preset offers; Parley's own comes with any other. */
async function listTools(ctx: Ctx, { preset }: RunRow, options: { patient?: boolean } = {}): Promise<OfferedTool[]> {
  const serverIds = preset?.serverIds ?? null
  if (serverIds?.length === 0) return []
  const tools = await listOfferedTools(ctx, options)
  if (serverIds === null) return tools
  const isOwn = ({ serverId }: OfferedTool) => serverId === 'parley'
  const offered = tools.filter((tool) => isOwn(tool) || serverIds.includes(tool.serverId))
  return offered.every(isOwn) ? [] : offered
}

function progressOf(journal: Journal): RunProgress {
  const { usage } = journal.message
  return { steps: journal.step, toolCalls: journal.toolCalls().length, costMicroUsd: usage ? usage.costMicroUsd : 0 }
}

/** One model call. Its text and the decisions on its tool calls are committed before any tool starts. */
async function oneStep(
  ctx: Ctx,
  run: RunRow,
  journal: Journal,
  above: MessagesAbove,
  model: Model,
  tools: OfferedTool[],
  fuse: RunFuse,
): Promise<number> {
  const stepName = `step-${journal.step}`
  journal.emit({ type: 'STEP_STARTED', stepName })
  const prompt = await buildPrompt(ctx, model, journal.message, above, tools, run.preset?.instructions)
  const calls = await writeStep(ctx, journal, model, prompt, tools, {
    apiKeyId: run.apiKeyId,
    maxCostMicroUsd: fuse.costLeft(progressOf(journal)),
    ...(run.maxOutputTokens === null ? {} : { maxOutputTokens: run.maxOutputTokens }),
  })
  await decideToolCalls(journal, model, tools, () => hasReadUntrusted(ctx, journal.message, above))
  journal.emit({ type: 'STEP_FINISHED', stepName })
  // The last step is committed by the end of the run.
  if (calls > 0) await journal.commit(ctx)
  return calls
}

const messageStatus = { finished: 'complete', interrupted: 'waiting', stopped: 'stopped', failed: 'failed' } as const

async function end(
  ctx: Ctx,
  run: RunRow,
  journal: Journal,
  above: MessagesAbove,
  status: Exclude<RunStatus, 'running'>,
  { interrupts = [], error = null }: { interrupts?: Interrupt[]; error?: Failure | null },
): Promise<void> {
  // What ended the run must not keep it from being stored.
  const storing: Ctx = { ...ctx, signal: new AbortController().signal }
  await journal.end(storing, { status, interrupts, error }, messageStatus[status], {
    type: `run-${status}`,
    workspaceId: run.workspaceId,
    subjectId: run.conversationId,
    data: {
      runId: run.id,
      messageId: run.messageId,
      userId: run.userId,
      apiKeyId: run.apiKeyId,
      isFirst: above.isFirstTurn,
    },
  })
  announce(ctx, { type: 'run-ended', conversationId: run.conversationId, runId: run.id, messageId: run.messageId })
}

/** What is still open when a run ends early did not happen, or its outcome will not be waited for. */
function cancelOpenToolCalls(journal: Journal, detail: string): void {
  for (const { index, part } of journal.toolCalls()) {
    if (part.state === 'writing' || part.state === 'running' || part.state === 'waiting') {
      journal.changeToolCall(index, { state: 'cancelled', detail, ask: undefined })
    }
  }
}

function describe(ctx: Ctx, error: unknown): Failure {
  if (error instanceof AppError) {
    ctx.log.warn({ code: error.code, detail: error.message, cause: messageOf(error.cause) }, 'a run failed')
    const { code, message, budget } = error
    return { code, message, ...(budget ? { budget } : {}) }
  }
  ctx.log.error({ err: error }, 'a run failed for a reason that was not foreseen')
  return { code: 'internal', message: `Something went wrong here. The log knows more under ${ctx.requestId}.` }
}

/** A lost lease while ending means that another process ends it. */
function letGo(journal: Journal) {
  return (error: unknown) => {
    journal.abandon()
    if (!(error instanceof LeaseLost)) throw error
  }
}
