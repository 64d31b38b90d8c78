import type { Actor } from '../../platform/context.ts'

/** Whether the actor's key, if it is limited to MCP servers, names this server or a tool of it. */
export function reachesServer({ resources }: Actor, serverId: string): boolean {
  const listed = resources?.mcpServers
  return listed === undefined || listed.some((entry) => entry === serverId || entry.startsWith(`${serverId}/`))
}

/** Whether it names the server whole, or this tool of it (`<server id>/<tool>`). */
export function reachesTool({ resources }: Actor, { serverId, tool }: { serverId: string; tool: string }): boolean {
  const listed = resources?.mcpServers
  return listed === undefined || listed.includes(serverId) || listed.includes(`${serverId}/${tool}`)
}
