import type { Conversation, Message } from '@parley/contract'
import type { BranchRow, ConversationRow, MessageRow } from './store.ts'

/** A conversation as it crosses the wire. */
export function presentConversation(row: ConversationRow): Conversation {
  return {
    id: row.id,
    title: row.title,
    activeLeafId: row.activeLeafId,
    model: row.model,
    version: row.version,
    activeRunId: row.activeRunId,
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
