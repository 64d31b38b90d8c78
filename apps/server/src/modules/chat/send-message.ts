import type { Content, Part, Started } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { type Idempotency, once } from '../../platform/http/index.ts'
import { emit } from '../../platform/outbox/index.ts'
import * as conversations from '../conversations/index.ts'
import { openFile } from '../files/index.ts'
import { chooseModel } from '../models/index.ts'
import { activeRuns } from './active-runs.ts'
import { dismissQuestions } from './dismiss-questions.ts'
import { presentRun } from './present.ts'
import type { ModelChoice } from './run-reply.ts'
import { insertRun, type NewRun, type RunRow } from './store.ts'

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
    conversations.openForReading(ctx, conversationId),
    input.model === undefined ? undefined : chooseModel(ctx, input.model),
  ])
  // In this order, whichever fails first: what is not theirs is not found, whatever else is wrong (P6).
  if (conversation.status === 'rejected') throw conversation.reason
  if (named.status === 'rejected') throw named.reason
  const choice = named.value ?? (await chooseModel(ctx, conversation.value.model ?? undefined))
  const parts = await toParts(ctx, input.content)

  return startOnce(ctx, idempotency, async (tx) => {
    const conversation = await conversations.openForWriting(tx, conversationId, input.version)
    const parentId = input.parentId === undefined ? conversation.activeLeafId : input.parentId
    if (parentId !== null) await requireAnswered(tx, conversation.id, parentId)
    const messageIds = [conversations.newMessageId(), conversations.newMessageId()] as const
    const run = newRun(conversation.id, messageIds[1], choice, input.maxOutputTokens)
    const added = await conversations.addMessages(
      tx,
      conversation,
      [
        { id: messageIds[0], parentId, role: 'user', status: 'complete', parts },
        {
          id: messageIds[1],
          parentId: messageIds[0],
          role: 'assistant',
          status: 'writing',
          parts: [],
          model: run.model,
          runId: run.id,
        },
      ],
      {
        ...(conversation.titleSource === 'none' ? { title: firstWords(parts), titleSource: 'provisional' } : {}),
        ...(input.model === undefined ? {} : { model: input.model }),
      },
    )
    const row = await insertRun(tx, run, activeRuns(ctx).owner)
    await emit(tx, {
      type: 'message-created',
      workspaceId: row.workspaceId,
      subjectId: conversation.id,
      data: { messageId: messageIds[0], runId: row.id },
    })
    const [userMessage, assistantMessage] = added.messages as [conversations.MessageRow, conversations.MessageRow]
    const atLeaf = parentId === conversation.activeLeafId
    const started = await presentStarted(tx, row, userMessage, assistantMessage, { atLeaf })
    return { row, started, version: added.version, choice }
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
  const conversation = await conversations.openForReading(ctx, message.conversationId)
  const choice = await chooseModel(ctx, input.model ?? conversation.model ?? undefined)

  return startOnce(ctx, idempotency, async (tx) => {
    const locked = await conversations.openForWriting(tx, conversation.id, input.version)
    const id = conversations.newMessageId()
    const run = newRun(locked.id, id, choice, input.maxOutputTokens)
    const added = await conversations.addMessages(tx, locked, [
      {
        id,
        parentId: message.parentId,
        role: 'assistant',
        status: 'writing',
        parts: [],
        model: run.model,
        runId: run.id,
      },
    ])
    const row = await insertRun(tx, run, activeRuns(ctx).owner)
    const started = await presentStarted(tx, row, null, added.messages[0]!)
    return { row, started, version: added.version, choice }
  })
}

interface NewlyStarted {
  row: RunRow
  started: Started
  /** Of the conversation, after the change. */
  version: number
  choice?: ModelChoice
}

/**
 * Commits what `work` does, once for an idempotency key, and starts the run it made. A repeat gets the first answer and
 * starts nothing.
 */
export async function startOnce(
  ctx: Ctx,
  idempotency: Idempotency | undefined,
  work: (tx: Ctx) => Promise<NewlyStarted>,
): Promise<Started> {
  let made: NewlyStarted | undefined
  const started = await once(ctx, idempotency, async (tx) => {
    made = await work(tx)
    return made.started
  })
  if (made) {
    const { row, version } = made
    activeRuns(ctx).launch(ctx, row, made.started.assistantMessage, made.choice)
    conversations.announce(ctx, { type: 'conversation-changed', conversationId: row.conversationId, version })
  }
  return started
}

export function refuseWhileDraining(ctx: Ctx): void {
  if (!activeRuns(ctx).isDraining) return
  throw new AppError('unavailable', 'This server is about to restart. Try again in a few seconds.', {
    retryAfterSeconds: 5,
  })
}

export async function presentStarted(
  tx: Ctx,
  run: RunRow,
  user: conversations.MessageRow | null,
  assistant: conversations.MessageRow,
  /** Below a leaf there is nothing beside the new question. */
  { atLeaf = false } = {},
): Promise<Started> {
  const present = async (row: conversations.MessageRow) =>
    conversations.presentMessage(row, await conversations.listSiblingIds(tx, row))
  return {
    run: presentRun(run),
    userMessage: user && (atLeaf ? conversations.presentMessage(user, [user.id]) : await present(user)),
    // Below a new question there is one answer.
    assistantMessage: user ? conversations.presentMessage(assistant, [assistant.id]) : await present(assistant),
  }
}

/** A message follows one that is finished. Questions it left open are dismissed by going on without answering. */
async function requireAnswered(tx: Ctx, conversationId: string, parentId: string): Promise<void> {
  const parent = await conversations.getMessage(tx, parentId)
  if (parent.conversationId !== conversationId) throw notFound('message')
  if (parent.role === 'user') {
    throw new AppError('unprocessable', 'A message follows an answer. To change a question, name its own parent.')
  }
  if (parent.status === 'writing') {
    throw new AppError('run_in_progress', 'The answer is still being written. Wait for it, or stop it first.')
  }
  if (parent.status === 'waiting')
    await dismissQuestions(tx, parent, 'Not called: the person went on without deciding.')
}

function newRun(
  conversationId: string,
  messageId: string,
  choice: ModelChoice,
  maxOutputTokens: number | undefined,
): NewRun {
  return {
    id: newId(),
    conversationId,
    messageId,
    model: choice.model.id,
    modelReason: choice.reason,
    maxOutputTokens: maxOutputTokens ?? null,
    previousRunId: null,
  }
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
