import type { Content, Part, Started } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { type Idempotency, requireVersion } from '../../platform/http/index.ts'
import * as conversations from '../conversations/index.ts'
import { openFile } from '../files/index.ts'
import { chooseModel } from '../models/index.ts'
import type { UsablePreset } from '../presets/index.ts'
import { limitModelUse } from '../usage/index.ts'
import { mayEdit } from './access.ts'
import { activeRuns } from './active-runs.ts'
import { dismissQuestions } from './dismiss-questions.ts'
import type { ModelChoice } from './run-reply.ts'
import { refuseWhileDraining, requireLock, startByAppending } from './start-run.ts'
import { makeRun, type RunRow } from './store.ts'

/** What a request that starts a run says of it. */
export interface RunRequest {
  model?: string | undefined
  maxOutputTokens?: number | undefined
  version?: number | undefined
}

/**
 * Stores what the person said and an empty answer below it, and starts the run that writes the answer. When this
 * resolves, both are committed (P1). Naming an earlier parent makes a sibling branch; nothing is overwritten.
 */
export async function sendMessage(
  ctx: Ctx,
  conversationId: string,
  input: RunRequest & { content: Content; parentId?: string | null | undefined },
  idempotency: Idempotency | undefined,
): Promise<Started> {
  refuseWhileDraining(ctx)
  const [conversation, named] = await Promise.allSettled([
    conversations.openForAnswer(ctx, conversationId),
    input.model === undefined ? undefined : chooseModel(ctx, input.model),
  ])
  // In this order, whichever fails first: what is not theirs is not found, whatever else is wrong (P6).
  if (conversation.status === 'rejected') throw conversation.reason
  if (named.status === 'rejected') throw named.reason
  const { model, preset } = conversation.value
  const choice = named.value ?? (await chooseModel(ctx, model ?? preset?.model ?? undefined))
  await limitModelUse(ctx, choice.model.id)
  const parts = await toParts(ctx, input.content)

  return startByAppending(ctx, idempotency, conversation.value, async (ctx, conversation) => {
    requireVersion('conversation', conversation.version, input.version)
    const parentId = input.parentId === undefined ? conversation.activeLeafId : input.parentId
    await requireAnswered(ctx, conversation, parentId)
    // Below a leaf there is nothing beside the new question.
    const siblings =
      parentId === conversation.activeLeafId ? [] : await conversations.listChildIds(ctx, conversation.id, parentId)
    const [userId, assistantId] = [conversations.newMessageId(), conversations.newMessageId()]
    const run = newRun(ctx, conversation.id, assistantId, choice, preset, input.maxOutputTokens)
    return {
      messages: [
        { id: userId, parentId, role: 'user', status: 'complete', parts },
        emptyAnswer(assistantId, userId, run, noticesOf(conversation, preset)),
      ],
      change: {
        ...(conversation.titleSource === 'none' ? { title: firstWords(parts), titleSource: 'provisional' } : {}),
        ...(input.model === undefined || !mayEdit(conversation) ? {} : { model: input.model }),
      },
      run,
      choice,
      event: {
        type: 'message-created',
        workspaceId: run.workspaceId,
        subjectId: conversation.id,
        data: { messageId: userId, runId: run.id },
      },
      present: ([user, assistant]) => ({
        user: conversations.presentMessage(user!, [...siblings, userId]),
        assistant: conversations.presentMessage(assistant!, [assistantId]),
      }),
    }
  })
}

/** Answers again: a sibling of an assistant message, written by a new run. */
export async function regenerateMessage(
  ctx: Ctx,
  messageId: string,
  input: RunRequest,
  idempotency: Idempotency | undefined,
): Promise<Started> {
  refuseWhileDraining(ctx)
  const message = await conversations.getMessage(ctx, messageId)
  if (message.role !== 'assistant') {
    throw new AppError('unprocessable', 'Only an answer can be written again. To change a question, send it anew.')
  }
  const conversation = await conversations.openForAnswer(ctx, message.conversationId)
  const { preset } = conversation
  const choice = await chooseModel(ctx, input.model ?? conversation.model ?? preset?.model ?? undefined)
  await limitModelUse(ctx, choice.model.id)

  return startByAppending(ctx, idempotency, conversation, async (ctx, conversation) => {
    requireVersion('conversation', conversation.version, input.version)
    const siblings = await conversations.listSiblingIds(ctx, message)
    const id = conversations.newMessageId()
    const run = newRun(ctx, conversation.id, id, choice, preset, input.maxOutputTokens)
    return {
      messages: [emptyAnswer(id, message.parentId, run, noticesOf(conversation, preset))],
      run,
      choice,
      present: ([assistant]) => ({
        user: null,
        assistant: conversations.presentMessage(assistant!, [...siblings, id]),
      }),
    }
  })
}

function emptyAnswer(id: string, parentId: string | null, run: RunRow, parts: Part[]): conversations.NewMessage {
  return { id, parentId, role: 'assistant', status: 'writing', parts, model: run.model, runId: run.id }
}

/** Says in the answer that the preset of the conversation was not used, and not why: that may be others' business. */
function noticesOf({ presetId }: conversations.ConversationRow, preset: UsablePreset | null): Part[] {
  if (presetId === null || preset !== null) return []
  const text = 'Answered without the preset of this chat: it was deleted, or is not shared with whoever asked.'
  return [{ type: 'notice', level: 'info', text, origin: 'system', step: 0 }]
}

/** A message follows one that is finished. Questions it left open are dismissed by going on without answering. */
async function requireAnswered(
  ctx: Ctx,
  conversation: conversations.ConversationRow,
  parentId: string | null,
): Promise<void> {
  if (parentId === null) return
  // The leaf is an answer, and how it stands was read with the conversation; not if it came while that was being locked.
  const known = parentId === conversation.activeLeafId ? conversation.leafStatus : null
  if (known && known !== 'waiting') return requireWritten(known)
  const parent = await conversations.getMessage(ctx, parentId)
  if (parent.conversationId !== conversation.id) throw notFound('message')
  if (parent.role === 'user') {
    throw new AppError('unprocessable', 'A message follows an answer. To change a question, name its own parent.')
  }
  requireWritten(parent.status)
  if (parent.status !== 'waiting') return
  requireLock(ctx)
  await dismissQuestions(ctx, parent, 'Not called: the person went on without deciding.')
}

function requireWritten(status: conversations.MessageRow['status']): void {
  if (status !== 'writing') return
  throw new AppError('run_in_progress', 'The answer is still being written. Wait for it, or stop it first.')
}

function newRun(
  ctx: Ctx,
  conversationId: string,
  messageId: string,
  choice: ModelChoice,
  preset: UsablePreset | null,
  maxOutputTokens: number | undefined,
): RunRow {
  const run = {
    id: newId(),
    conversationId,
    messageId,
    model: choice.model.id,
    modelReason: choice.reason,
    maxOutputTokens: maxOutputTokens ?? preset?.maxOutputTokens ?? null,
    preset: preset && { instructions: preset.instructions, serverIds: preset.serverIds },
    previousRunId: null,
  }
  return makeRun(ctx, run, activeRuns(ctx).owner)
}

async function toParts(ctx: Ctx, content: Content): Promise<Part[]> {
  const items = typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content
  return Promise.all(
    items.map(async (item): Promise<Part> => {
      if (item.type === 'text') return { type: 'text', text: item.text, origin: 'user', step: 0 }
      const { id, name, mediaType, bytes } = await openFile(ctx, item.fileId)
      return { type: 'file', fileId: id, name, mediaType, bytes, origin: 'user', step: 0 }
    }),
  )
}

/** Until a model finds a title: the first words that were sent. */
function firstWords(parts: Part[]): string {
  const text = parts.map((part) => (part.type === 'text' ? part.text : part.type === 'file' ? part.name : '')).join(' ')
  const line = text.replace(/\s+/g, ' ').trim()
  if (line.length <= 60) return line || 'New conversation'
  return `${line.slice(0, 60).replace(/\s\S*$/, '')}…`
}
