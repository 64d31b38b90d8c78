import type { Message, Part } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { presentMessage } from './present.ts'
import * as store from './store.ts'

export { announce } from './announce.ts'
export { migrations } from './migrations.ts'
export { presentMessage } from './present.ts'
export { mountConversations } from './routes.ts'
export type { BranchRow, ConversationRow, MessageChange, MessageRow } from './store.ts'
export { listBranch, setAutomaticTitle, updateConversation, updateMessage } from './store.ts'

/** The actor's conversation, to read; `not_found` when there is none or it is another's. */
export async function openForReading(ctx: Ctx, id: string): Promise<store.ConversationRow> {
  const conversation = await store.findConversation(ctx, id)
  if (!conversation) throw notFound('conversation')
  return conversation
}

/**
 * The actor's conversation, locked until the transaction ends; call it inside one. With `version`, refuses with
 * `version_conflict` when the conversation changed since the caller read it.
 */
export async function openForWriting(tx: Ctx, id: string, version?: number): Promise<store.ConversationRow> {
  const conversation = await store.findConversation(tx, id, { lock: true })
  if (!conversation) throw notFound('conversation')
  if (version !== undefined && version !== conversation.version) {
    throw new AppError(
      'version_conflict',
      `The conversation is at version ${conversation.version}, the change was made for version ${version}. Load it again and repeat the change.`,
    )
  }
  return conversation
}

/** A message of one of the actor's conversations; `not_found` otherwise. */
export async function getMessage(ctx: Ctx, id: string): Promise<store.MessageRow> {
  const message = await store.findMessage(ctx, id)
  if (!message) throw notFound('message')
  return message
}

/** The same with its siblings, as it crosses the wire. */
export async function readMessage(ctx: Ctx, id: string): Promise<Message> {
  const row = await getMessage(ctx, id)
  return presentMessage(row, await listSiblingIds(ctx, row))
}

/** Ids of a message and all its siblings, oldest first. */
export function listSiblingIds(ctx: Ctx, message: store.MessageRow): Promise<string[]> {
  return store.listChildIds(ctx, message.conversationId, message.parentId)
}

export interface NewMessage {
  parentId: string | null
  role: 'user' | 'assistant'
  status: store.MessageRow['status']
  parts: Part[]
  model?: string
  runId?: string
}

/**
 * Adds messages to a conversation opened for writing, in the given order, each an insert of a new row: nothing is ever
 * overwritten. The conversation stands at the last of them afterwards.
 */
export async function addMessages(
  tx: Ctx,
  conversation: store.ConversationRow,
  messages: (NewMessage & { id: string })[],
  change: Parameters<typeof store.updateConversation>[2] = {},
): Promise<{ messages: store.MessageRow[]; version: number }> {
  const createdAt = tx.clock.now()
  const rows = messages.map((message) => ({
    model: null,
    runId: null,
    ...message,
    workspaceId: conversation.workspaceId,
    conversationId: conversation.id,
    usage: null,
    error: null,
    createdAt,
  }))
  const activeLeafId = rows.at(-1)!.id
  const version = await store.appendMessages(tx, conversation.id, rows, { ...change, activeLeafId })
  return { messages: rows, version }
}

/** A new id for `addMessages`, later than all before it. */
export const newMessageId = newId
