import type { ColumnType } from 'kysely'

interface PresetsTable {
  id: string
  workspaceId: string
  ownerId: string
  name: string
  description: string
  /** Null: the workspace's default. */
  model: string | null
  instructions: string
  maxOutputTokens: number | null
  /** MCP servers whose tools are offered; null: all. JSON is read parsed and written as text. */
  serverIds: ColumnType<string[] | null, string | null, string | null>
  version: ColumnType<number, number | undefined, number>
  /** False: nobody but the owner was ever given access, so that nothing else needs to be looked up. */
  shared: ColumnType<boolean, boolean | undefined, boolean>
  createdAt: Date
  updatedAt: Date
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    presets: PresetsTable
  }
}
