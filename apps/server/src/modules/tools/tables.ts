import type { ToolPolicy } from '@parley/contract'
import type { ColumnType } from 'kysely'

interface McpServersTable {
  id: string
  workspaceId: string
  slug: string
  name: string
  transport: 'stdio' | 'http'
  command: string | null
  args: ColumnType<string[] | null, string | null, string | null>
  url: string | null
  /** Names of what `secrets` holds: environment variables for stdio, headers for http. */
  secretNames: ColumnType<string[], string, string>
  /** JSON of name to value, sealed. */
  secrets: string
  enabled: boolean
  /** Grows with each change that needs a new connection. */
  revision: number
  createdBy: string
  createdAt: Date
}

interface ToolPoliciesTable {
  workspaceId: string
  /** Id of a stored server, or `file-<slug>` of a declared one. */
  serverId: string
  tool: string
  policy: ToolPolicy
  /** What was chosen for: with another definition the choice does not count (P7). */
  definitionHash: string
  chosenBy: string
  chosenAt: Date
}

interface ToolResultsTable {
  id: string
  workspaceId: string
  ownerId: string
  conversationId: string | null
  tool: string
  characters: number
  pages: ColumnType<string[], string, never>
  createdAt: Date
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    mcpServers: McpServersTable
    toolPolicies: ToolPoliciesTable
    toolResults: ToolResultsTable
  }
}
