import type { Scope } from '@parley/contract'
import type { ColumnType } from 'kysely'

interface RolesTable {
  id: string
  workspaceId: string
  /** Unique in the workspace, whatever its case. */
  name: string
  description: string
  scopes: ColumnType<Scope[], string, string>
  createdAt: Date
  updatedAt: Date
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    roles: RolesTable
  }
}
