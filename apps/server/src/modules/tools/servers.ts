import { dirname } from 'node:path'
import type { McpServer } from '@parley/contract'
import type { DeclaredMcpServer } from '../../platform/config/index.ts'
import type { Ctx, Platform } from '../../platform/context.ts'
import { notFound } from '../../platform/errors.ts'
import { type ReachedServer, reachable, shareableServer } from './access.ts'
import type { Connection } from './connection.ts'
import { connectionsOf } from './connections.ts'
import { type McpServerRow, toolSettings } from './store.ts'
import type { ServerSpec } from './types.ts'

/** The servers of the workspace that the actor may see: those declared in parley.json, and its own; by slug. */
export async function listServers(ctx: Ctx): Promise<ReachedServer[]> {
  const { servers } = await toolSettings.read(ctx)
  const all = [...declaredServers(ctx), ...servers.map((row) => storedServer(ctx, row))].sort((a, b) =>
    a.slug === b.slug ? (a.source < b.source ? -1 : 1) : a.slug < b.slug ? -1 : 1,
  )
  return reachable(ctx, all)
}

/** One of them; `not_found` otherwise. */
export async function openServer(ctx: Ctx, id: string): Promise<ReachedServer> {
  const server = (await listServers(ctx)).find((candidate) => candidate.id === id)
  if (!server) throw notFound('MCP server')
  return server
}

/** How servers are shared. */
export const shareableMcpServer = shareableServer(openServer)

export function declaredServers(platform: Platform): ServerSpec[] {
  const { declared, configFile } = platform.config.tools
  return declared.map((server) => declaredServer(server, dirname(configFile)))
}

function declaredServer(server: DeclaredMcpServer, folder: string): ServerSpec {
  const secrets = (server.transport === 'stdio' ? server.env : server.headers) ?? {}
  return {
    id: `file-${server.slug}`,
    workspaceId: null,
    slug: server.slug,
    name: server.name,
    source: 'file',
    transport: server.transport,
    command: server.command ?? null,
    args: server.args ?? [],
    cwd: server.cwd ?? folder,
    url: server.url ?? null,
    enabled: true,
    revision: 1,
    secretNames: Object.keys(secrets).sort(),
    openSecrets: () => secrets,
    createdAt: null,
  }
}

export function storedServer(platform: Platform, row: McpServerRow): ServerSpec {
  const { id, workspaceId, slug, name, transport, command, url, enabled, revision, secretNames, createdAt } = row
  return {
    id,
    workspaceId,
    slug,
    name,
    source: 'workspace',
    transport,
    command,
    args: row.args ?? [],
    cwd: dirname(platform.config.tools.configFile),
    url,
    enabled,
    revision,
    secretNames,
    openSecrets: () => JSON.parse(platform.keyring.open(row.secrets, sealedFor(id))) as Record<string, string>,
    createdAt,
  }
}

/** What the secrets of a stored server are sealed for. */
export function sealedFor(id: string): string {
  return `mcp-server:${id}:secrets`
}

/** A server as it crosses the wire; connects to it if nobody did so far. */
export function presentServer(ctx: Ctx, server: ReachedServer): McpServer {
  const connection: Connection | undefined = connectionsOf(ctx).of(server)
  return {
    id: server.id,
    slug: server.slug,
    name: server.name,
    transport: server.transport,
    command: server.command,
    // Keys are put into arguments too.
    args: server.transport === 'stdio' && ctx.actor.scopes.has('tools:manage') ? server.args : null,
    url: shownUrl(server),
    secretNames: server.secretNames,
    source: server.source,
    enabled: server.enabled,
    state: connection?.state ?? 'off',
    detail: connection?.detail ?? null,
    serverInfo: connection?.serverInfo ?? null,
    toolCount: connection?.definitions.length ?? 0,
    createdAt: server.createdAt?.toISOString() ?? null,
    audience: server.audience,
    usable: server.usable,
  }
}

/** Operators put keys into addresses; members do not get to see them. */
function shownUrl({ source, url }: ServerSpec): string | null {
  if (source === 'workspace' || !url) return url
  const { origin, pathname, search } = new URL(url)
  return `${origin}${pathname}${search && '?…'}`
}
