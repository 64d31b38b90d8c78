interface FilesTable {
  id: string
  workspaceId: string
  ownerId: string
  name: string
  mediaType: string
  bytes: number
  /** Hex. */
  sha256: string
  storageKey: string
  createdAt: Date
}

/** Files that are in a conversation: who may see that may see them. */
interface ConversationFilesTable {
  fileId: string
  conversationId: string
  workspaceId: string
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    files: FilesTable
    conversationFiles: ConversationFilesTable
  }
}

export type FileRow = FilesTable
