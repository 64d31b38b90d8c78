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

declare module '../../platform/database/schema.ts' {
  interface Database {
    files: FilesTable
  }
}

export type FileRow = FilesTable
