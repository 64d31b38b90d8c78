import type { BodyOf, endpoints, Part, Started, ToolCallPart } from '@parley/contract'
import { audit } from '../../platform/audit/index.ts'
import type { Ctx } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { AppError } from '../../platform/errors.ts'
import type { Idempotency } from '../../platform/http/index.ts'
import * as conversations from '../conversations/index.ts'
import { setToolPolicy } from '../tools/index.ts'
import { openRun } from './access.ts'
import { activeRuns } from './active-runs.ts'
import { presentRun } from './present.ts'
import { refuseWhileDraining, startOnce } from './start-run.ts'
import { forgetPreset, insertRun, lockRun, makeRun } from './store.ts'

type Answer = BodyOf<typeof endpoints.resumeRun>['answers'][number]

/**
 * Answers what an interrupted run asked. The answers are stored with the message, and the next run goes on from there;
 * questions that stay open are asked again by it. Of two people answering at once, one is told `run_not_waiting`.
 */
export async function resumeRun(
  ctx: Ctx,
  runId: string,
  answers: Answer[],
  idempotency: Idempotency | undefined,
): Promise<Started> {
  refuseWhileDraining(ctx)
  const asked = await openRun(ctx, runId, 'use')
  return startOnce(ctx, idempotency, async (tx) => {
    const conversation = await conversations.openForWriting(tx, asked.conversationId)
    const run = await lockRun(tx, runId)
    const message = await conversations.getMessage(tx, run.messageId)
    const questions = openQuestions(message.parts)
    if (run.status !== 'interrupted' || message.runId !== run.id || questions.size === 0) {
      throw new AppError(
        'run_not_waiting',
        'This was answered already, or nothing was asked. Load the conversation again.',
      )
    }
    for (const answer of answers) {
      if (questions.has(answer.interruptId)) continue
      throw new AppError('invalid_request', `The run does not ask "${answer.interruptId}".`, {
        fields: [{ pointer: '/answers', message: `Open questions: ${[...questions].join(', ')}` }],
      })
    }
    await rememberApprovals(tx, message.parts, answers)
    const parts = applyAnswers(message.parts, answers)
    await auditAnswers(tx, run, parts, answers)

    const { model, modelReason, maxOutputTokens, preset } = run
    const place = { conversationId: conversation.id, messageId: message.id, previousRunId: run.id }
    const next = makeRun(
      tx,
      { id: newId(), ...place, model, modelReason, maxOutputTokens, preset },
      activeRuns(ctx).owner,
    )
    await insertRun(tx, next)
    if (preset) await forgetPreset(tx, run.id)
    await conversations.updateMessage(tx, message.id, { parts, status: 'writing', runId: next.id })
    const changed = await conversations.updateConversation(tx, conversation.id, {})
    const assistantMessage = conversations.presentMessage(
      { ...message, parts, status: 'writing', runId: next.id },
      await conversations.listSiblingIds(tx, message),
    )
    const started = { run: presentRun(next), userMessage: null, assistantMessage }
    return { row: next, started, version: changed.version }
  })
}

function openQuestions(parts: Part[]): Set<string> {
  return new Set(
    parts.flatMap((part) => (part.type === 'tool-call' && part.state === 'waiting' ? [part.toolCallId] : [])),
  )
}

/** Approved calls are to run, declined ones did not happen. */
function applyAnswers(parts: Part[], answers: Answer[]): Part[] {
  const byId = new Map(answers.map((answer) => [answer.interruptId, answer]))
  return parts.map((part) => {
    const answer = part.type === 'tool-call' && part.state === 'waiting' ? byId.get(part.toolCallId) : undefined
    if (part.type !== 'tool-call' || !answer) return part
    if (answer.decision === 'deny') {
      return {
        ...part,
        state: 'denied',
        ask: undefined,
        detail: 'Not called: the person declined.',
      } satisfies ToolCallPart
    }
    return {
      ...part,
      state: 'running',
      ask: undefined,
      arguments: answer.arguments === undefined ? part.arguments : JSON.stringify(answer.arguments),
    } satisfies ToolCallPart
  })
}

/** Who let a tool run, or not; what it was called with is in the conversation. */
async function auditAnswers(
  tx: Ctx,
  run: { id: string; conversationId: string },
  parts: Part[],
  answers: Answer[],
): Promise<void> {
  for (const answer of answers) {
    const part = parts.find((each) => each.type === 'tool-call' && each.toolCallId === answer.interruptId)
    const subject = { kind: 'tool', id: part?.type === 'tool-call' ? part.name : undefined }
    const place = { runId: run.id, conversationId: run.conversationId }
    if (answer.decision === 'deny') await audit(tx, { action: 'tool.declined', subject, after: place })
    else {
      const how = { always: answer.decision === 'always', argumentsChanged: answer.arguments !== undefined }
      await audit(tx, { action: 'tool.approved', subject, after: { ...place, ...how } })
    }
  }
}

/**
 * `always` allows the tool from here on, as it was defined when the person was asked; if it asked for what the model had
 * read, whatever a model has read.
 */
async function rememberApprovals(tx: Ctx, asked: Part[], answers: Answer[]): Promise<void> {
  const always = new Set(answers.filter((answer) => answer.decision === 'always').map((answer) => answer.interruptId))
  if (always.size === 0) return
  if (!tx.actor.scopes.has('tools:manage')) {
    throw new AppError('forbidden', 'Only owners and admins can allow a tool for always. You can approve this call.')
  }
  for (const part of asked) {
    if (part.type !== 'tool-call' || !always.has(part.toolCallId) || part.definitionHash === undefined) continue
    await setToolPolicy(tx, part.name, part.ask?.reason === 'untrusted' ? 'always' : 'allow', part.definitionHash)
  }
}
