import type { Ctx, Platform } from '../../platform/context.ts'
import { messageOf } from '../../platform/errors.ts'
import { onHostsChanged } from '../outbound/index.ts'
import { listCatalogue } from './catalogue.ts'
import { connectionsOf } from './connections.ts'
import { declaredServers, listServers, storedServer } from './servers.ts'
import { listEnabledMcpServers } from './store.ts'
import type { OfferedTool } from './types.ts'

export { type CallOptions, callTool, type ToolCall } from './call-tool.ts'
export { type ArgumentsCheck, checkArguments } from './check-arguments.ts'
export { migrations } from './migrations.ts'
export { mountTools } from './routes.ts'
export { shareableMcpServer } from './servers.ts'
export { setToolPolicy } from './set-tool-policy.ts'
export { deleteToolResults } from './store.ts'
export type { OfferedTool } from './types.ts'

/**
 * The tools that a model may be told of for the actor, in byte order of their names: denied ones left out,
 * those of a server that is briefly down left in. The same settings give the same list, whatever started first (P10).
 */
export async function listOfferedTools(ctx: Ctx, options: { patient?: boolean } = {}): Promise<OfferedTool[]> {
  const entries = await listCatalogue(ctx, options)
  return entries.flatMap(({ tool, usable }) => (tool.policy === 'deny' || !usable ? [] : [tool]))
}

/** Ids of the MCP servers that the actor may see. */
export async function listServerIds(ctx: Ctx): Promise<Set<string>> {
  return new Set((await listServers(ctx)).map(({ id }) => id))
}

/** Begins to connect to every server that is switched on. Returns at once; what fails is tried again. */
export function startTools(platform: Platform): void {
  const connections = connectionsOf(platform)
  onHostsChanged(platform, (workspaceId) => connections.reopen(workspaceId))
  for (const server of declaredServers(platform)) connections.of(server)
  listEnabledMcpServers(platform).then(
    (rows) => {
      for (const row of rows) connections.of(storedServer(platform, row))
    },
    // Each is connected to when its workspace first lists its tools.
    (error) => platform.log.warn({ reason: messageOf(error) }, 'The MCP servers of the workspaces could not be read.'),
  )
}

/** Ends all connections; resolves when no program that was started is left. */
export function closeTools(platform: Platform): Promise<void> {
  return connectionsOf(platform).close()
}
