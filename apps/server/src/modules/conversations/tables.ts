import type { Failure, MessageStatus, Part, Usage } from '@parley/contract'
import type { ColumnType } from 'kysely'

/** JSON is read parsed and written as text. */
type Json<T> = ColumnType<T, string, string>

interface ConversationsTable {
  id: string
  workspaceId: string
  ownerId: string
  title: string
  /** `provisional`: the first words sent; `auto`: written by a model; `person`: not to be touched any more. */
  titleSource: 'none' | 'provisional' | 'auto' | 'person'
  model: string | null
  /** May name one that is gone, or that not everyone here may use. */
  presetId: string | null
  activeLeafId: string | null
  version: ColumnType<number, number | undefined, number>
  /** False: nobody but the owner was ever given access, so that nothing else needs to be looked up. */
  shared: ColumnType<boolean, boolean | undefined, boolean>
  createdAt: Date
  updatedAt: Date
}

interface MessagesTable {
  id: string
  workspaceId: string
  conversationId: string
  parentId: string | null
  role: 'user' | 'assistant'
  /** Who wrote it; null in answers, and in messages from before sharing, which are the owner's. */
  authorId: ColumnType<string | null, string | null | undefined, string | null>
  status: MessageStatus
  parts: Json<Part[]>
  model: string | null
  usage: ColumnType<Usage | null, string | null, string | null>
  error: ColumnType<Failure | null, string | null, string | null>
  runId: string | null
  createdAt: Date
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    conversations: ConversationsTable
    messages: MessagesTable
  }
}
