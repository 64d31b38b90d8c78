import type { Conversation, Message } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { presentNamedPreset } from '../presets/index.ts'
import { levelOf } from '../sharing/index.ts'
import type { BranchRow, MessageRow, ShownConversation } from './store.ts'

/** A conversation as it crosses the wire. */
export function presentConversation(ctx: Ctx, row: ShownConversation): Conversation {
  return {
    id: row.id,
    title: row.title,
    activeLeafId: row.activeLeafId,
    model: row.model,
    preset: presentNamedPreset(row.presetId, row.namedPreset),
    version: row.version,
    activeRunId: row.activeRunId,
    owner: row.ownerId === ctx.actor.userId ? null : { id: row.ownerId, name: row.ownerName },
    shared: row.isShared,
    level: levelOf(row.rank!),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

/** A message as it crosses the wire. */
export function presentMessage(row: MessageRow, siblingIds: string[]): Message {
  return {
    id: row.id,
    conversationId: row.conversationId,
    parentId: row.parentId,
    siblingIds,
    role: row.role,
    authorId: row.authorId,
    status: row.status,
    parts: row.parts,
    model: row.model,
    usage: row.usage,
    error: row.error,
    runId: row.runId,
    createdAt: row.createdAt.toISOString(),
  }
}

/** The messages of a branch, given newest first, as they cross the wire: oldest first. */
export function presentBranch(rows: BranchRow[]): Message[] {
  return rows.map((row) => presentMessage(row, row.siblingIds)).reverse()
}
