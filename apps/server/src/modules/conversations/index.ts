import type { Level, Message, Part } from '@parley/contract'
import { type RawBuilder, sql } from 'kysely'
import type { Ctx } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { notFound } from '../../platform/errors.ts'
import { requireVersion } from '../../platform/http/index.ts'
import { linkingFiles } from '../files/index.ts'
import type { UsablePreset } from '../presets/index.ts'
import { requireAccess } from '../sharing/index.ts'
import { presentMessage } from './present.ts'
import * as store from './store.ts'

export { rankIn } from './access.ts'
export { announce } from './announce.ts'
export { migrations } from './migrations.ts'
export { presentMessage } from './present.ts'
export { mountConversations } from './routes.ts'
export { shareableConversation } from './share-conversation.ts'
export type { BranchRow, ConversationRow, MessageChange, MessageRow } from './store.ts'
export { listBranch, listChildIds, setAutomaticTitle, updateConversation, updateMessage, updating } from './store.ts'

/**
 * A conversation of the actor's, or one they were given access to.
 * @throws AppError not_found when there is none or it is not theirs to see; forbidden when they may see it but not `least`
 */
export async function openForReading(ctx: Ctx, id: string, least: Level = 'view'): Promise<store.ConversationRow> {
  return requireAccess(await store.findConversation(ctx, id), 'conversation', least)
}

/** A conversation to be answered in. */
export type AnswerableConversation = store.ConversationRow & {
  /** What its preset says of the answer; null where it has none, and where the actor may not use that one. */
  preset: UsablePreset | null
}

/**
 * The same to have a message answered in it, with what that takes, in one statement.
 * @throws AppError not_found, forbidden
 */
export async function openForAnswer(ctx: Ctx, id: string): Promise<AnswerableConversation> {
  const { preset = null, ...row } = requireAccess(
    await store.findConversation(ctx, id, { withPreset: true }),
    'conversation',
    'use',
  )
  return { ...row, preset }
}

/**
 * The same to change, locked until the transaction ends; call it inside one. With `version`, refuses with
 * `version_conflict` when the conversation changed since the caller read it.
 */
export async function openForWriting(
  tx: Ctx,
  id: string,
  version?: number,
  least: Level = 'use',
): Promise<store.ConversationRow> {
  const conversation = requireAccess(await store.findConversation(tx, id, { lockFor: least }), 'conversation', least)
  requireVersion('conversation', conversation.version, version)
  return conversation
}

/** A message of a conversation the actor may see; `not_found` otherwise. */
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
  id: string
  parentId: string | null
  role: 'user' | 'assistant'
  status: store.MessageRow['status']
  parts: Part[]
  model?: string
  runId?: string
}

/**
 * Adds messages to a conversation, in the given order, each an insert of a new row: nothing is ever overwritten. The
 * conversation stands at the last of them afterwards. Answers the messages and expressions for the `with` of the
 * statement that is to do it: "changed" has no row where someone else changed the conversation since it was read.
 */
export function addingMessages(
  ctx: Ctx,
  conversation: store.ConversationRow,
  messages: NewMessage[],
  change: Parameters<typeof store.appending>[3] = {},
): { expressions: RawBuilder<unknown>; messages: store.MessageRow[] } {
  const createdAt = ctx.clock.now()
  const rows = messages.map((message) => ({
    model: null,
    runId: null,
    authorId: message.role === 'user' ? ctx.actor.userId : null,
    ...message,
    workspaceId: conversation.workspaceId,
    conversationId: conversation.id,
    usage: null,
    error: null,
    createdAt,
  }))
  const activeLeafId = rows.at(-1)!.id
  const expressions = store.appending(
    ctx,
    conversation,
    rows.map(({ id, parentId, role, authorId, status, parts, model, runId }) => ({
      id,
      parentId,
      role,
      authorId,
      status,
      parts,
      model,
      runId,
    })),
    { ...change, activeLeafId },
  )
  const fileIds = rows.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'file' ? [part.fileId] : [])))
  if (fileIds.length === 0) return { expressions, messages: rows }
  const linked = linkingFiles(ctx, fileIds, conversation.id, 'changed')
  return { expressions: sql`${expressions}, ${linked}`, messages: rows }
}

/** A new id for a message, later than all before it. */
export const newMessageId = newId
