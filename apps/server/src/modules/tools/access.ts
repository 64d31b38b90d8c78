import type { Audience } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { includes, listRestrictions, maySeeShared, type ShareableKind } from '../sharing/index.ts'
import { reachesServer } from './reach.ts'
import type { ServerSpec } from './types.ts'

/** A server as the actor may have it. */
export type ReachedServer = ServerSpec & {
  /** `chosen`: not everyone in the workspace may use it. */
  audience: Audience
  /** Whether the actor may call its tools; else they only see it. */
  usable: boolean
}

/**
 * The servers among these that the actor may see. Those open to everyone anyone may use; of the others, those they were
 * granted, and for who manages tools all; of either, what the API key they use reaches. The rest is as if it were not there.
 */
export async function reachable(ctx: Ctx, servers: ServerSpec[]): Promise<ReachedServer[]> {
  const restrictions = servers.length === 0 ? new Map() : await listRestrictions(ctx, 'mcp-server')
  return servers.flatMap((server): ReachedServer[] => {
    if (!reachesServer(ctx.actor, server.id)) return []
    if (!restrictions.has(server.id)) return [{ ...server, audience: 'everyone', usable: true }]
    const level = ctx.actor.scopes.has('tools:manage') ? 'manage' : restrictions.get(server.id)
    return level === null ? [] : [{ ...server, audience: 'chosen', usable: includes(level, 'use') }]
  })
}

/**
 * Programs on the machine of Parley are for owners alone to add or change.
 * @throws AppError forbidden
 */
export function requireOwner({ actor }: Ctx): void {
  if (actor.role === 'owner') return
  throw new AppError(
    'forbidden',
    'Such a server is a program run on the machine of Parley: only an owner may add or change one.',
  )
}

/** What a tool answered in a conversation is for who may see that; else for who called it. */
export async function maySeeResult(
  ctx: Ctx,
  { ownerId, conversationId }: { ownerId: string; conversationId: string | null },
): Promise<boolean> {
  return conversationId === null ? ownerId === ctx.actor.userId : maySeeShared(ctx, 'conversation', conversationId)
}

/** How MCP servers are shared: who manages the tools of the workspace says who may see and use them. */
export function shareableServer(open: (ctx: Ctx, id: string) => Promise<ServerSpec>): ShareableKind {
  return {
    kind: 'mcp-server',
    levels: ['view', 'use'],
    async open(ctx, id, least) {
      await open(ctx, id)
      if (least !== 'view' && !ctx.actor.scopes.has('tools:manage')) throw notFound('MCP server')
      return {}
    },
  }
}
