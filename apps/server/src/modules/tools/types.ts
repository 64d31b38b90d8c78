import type { Tool } from '@parley/contract'

/** A tool as offered to a model, with its server's name for people. */
export type OfferedTool = Tool & { serverName: string }

/** What it takes to connect to an MCP server, wherever it was declared. */
export interface ServerSpec {
  /** Id of a stored server, or `file-<slug>` of a declared one. */
  id: string
  workspaceId: string | null
  slug: string
  name: string
  source: 'file' | 'workspace'
  transport: 'stdio' | 'http'
  command: string | null
  args: string[]
  cwd: string
  url: string | null
  enabled: boolean
  /** Changes when a new connection is needed. */
  revision: number
  secretNames: string[]
  /** Environment variables for stdio, headers for http. Throws when they cannot be unsealed. */
  openSecrets(): Record<string, string>
  createdAt: Date | null
}

/** A tool as its server defines it, within bounds. */
export interface ToolDefinition {
  tool: string
  title: string
  description: string
  inputSchema: Record<string, unknown>
  readOnly: boolean
  destructive: boolean
  idempotent: boolean
  /** Of the whole definition, before anything was cut. */
  hash: string
}

export interface ServerInfo {
  name: string
  version: string
  protocolVersion: string | null
}
