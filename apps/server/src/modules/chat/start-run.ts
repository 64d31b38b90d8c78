import type { Message, Started } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { claiming, type Idempotency, isRepeat, once } from '../../platform/http/index.ts'
import { emitting, type NewEvent } from '../../platform/outbox/index.ts'
import * as conversations from '../conversations/index.ts'
import { activeRuns } from './active-runs.ts'
import { presentRun } from './present.ts'
import type { ModelChoice } from './run-reply.ts'
import { insertMessagesAndRun, type RunRow } from './store.ts'

/** A run that was just stored. */
export interface NewlyStarted {
  row: RunRow
  started: Started
  /** Of the conversation, after the change. */
  version: number
  choice?: ModelChoice
  /** What the person said, where that began the run. */
  question?: conversations.MessageRow
}

/** New messages, the last of which a new run writes. */
export interface Appending {
  messages: conversations.NewMessage[]
  /** Of the conversation, besides where it stands. */
  change?: Parameters<typeof conversations.addingMessages>[3]
  run: RunRow
  choice: ModelChoice
  event?: NewEvent
  /** Makes the messages wire shape, siblings and all. */
  present: (added: conversations.MessageRow[]) => { user: Message | null; assistant: Message }
}

export function refuseWhileDraining(ctx: Ctx): void {
  if (!activeRuns(ctx).isDraining) return
  throw new AppError('unavailable', 'This server is about to restart. Try again in a few seconds.', {
    retryAfterSeconds: 5,
  })
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
  if (made) launch(ctx, made)
  return started
}

/**
 * The same for messages added to a conversation that was just read: `prepare` decides on it as it is and says what to
 * add. Nearly always that is one statement, which stores nothing if anyone changed the conversation meanwhile; then, and
 * for what needs more than one, it is done again with the conversation locked.
 */
export async function startByAppending(
  ctx: Ctx,
  idempotency: Idempotency | undefined,
  conversation: conversations.ConversationRow,
  prepare: (ctx: Ctx, conversation: conversations.ConversationRow) => Promise<Appending>,
): Promise<Started> {
  try {
    const made = await append(ctx, conversation, await prepare(ctx, conversation), idempotency)
    launch(ctx, made)
    return made.started
  } catch (error) {
    // With a key, what is refused now may have been done before: that is looked up first.
    const again = error instanceof NeedsLock || isRepeat(error) || (idempotency && error instanceof AppError)
    if (!again) throw error
  }
  return startOnce(ctx, idempotency, async (tx) => {
    const locked = await conversations.openForWriting(tx, conversation.id)
    return append(tx, locked, await prepare(tx, locked), undefined)
  })
}

/** What is to be done takes a transaction in which nobody else changes the conversation. */
class NeedsLock extends Error {}

/** Asks for the conversation to be locked, where it is not. */
export function requireLock(ctx: Ctx): void {
  if (!ctx.db.isTransaction) throw new NeedsLock()
}

async function append(
  ctx: Ctx,
  conversation: conversations.ConversationRow,
  { messages, change, run, choice, event, present }: Appending,
  idempotency: Idempotency | undefined,
): Promise<NewlyStarted> {
  const adding = conversations.addingMessages(ctx, conversation, messages, change)
  const { user, assistant } = present(adding.messages)
  const started: Started = { run: presentRun(run), userMessage: user, assistantMessage: assistant }
  const telling = event && emitting(ctx, event, 'changed')
  const isDone = await insertMessagesAndRun(ctx, adding.expressions, run, [
    ...(telling ? [telling.expressions] : []),
    ...(idempotency ? [claiming(ctx, idempotency, started, 'changed')] : []),
  ])
  if (!isDone) throw new NeedsLock()
  telling?.stored()
  const question = adding.messages.find((message) => message.role === 'user')
  return { row: run, started, version: conversation.version + 1, choice, ...(question ? { question } : {}) }
}

function launch(ctx: Ctx, { row, started, version, choice, question }: NewlyStarted): void {
  activeRuns(ctx).launch(ctx, row, started.assistantMessage, { choice, question })
  conversations.announce(ctx, { type: 'conversation-changed', conversationId: row.conversationId, version })
}
