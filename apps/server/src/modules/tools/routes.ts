import { endpoints, type Page, type PageQuery, type Tool } from '@parley/contract'
import { z } from 'zod'
import { audit } from '../../platform/audit/index.ts'
import type { Ctx } from '../../platform/context.ts'
import { decodeCursor, encodeCursor, type Http, once, onceAround } from '../../platform/http/index.ts'
import { callEntry } from './call-tool.ts'
import { type CatalogueEntry, listServerTools, openEntry } from './catalogue.ts'
import { connectionsOf } from './connections.ts'
import { getResultPage } from './read-result.ts'
import { addServer, changeServer, checkServer, removeServer } from './save-server.ts'
import { listServers, openServer, presentServer } from './servers.ts'
import { choosePolicy } from './set-tool-policy.ts'
import type { OfferedTool } from './types.ts'

export function mountTools(http: Http): void {
  http.route(endpoints.listMcpServers, async (ctx, { query }) => {
    const servers = await listServers(ctx)
    return pageOf(
      servers.map((server) => presentServer(ctx, server)),
      query,
      ({ slug, id }) => `${slug} ${id}`,
    )
  })

  http.route(endpoints.createMcpServer, async (ctx, { body }, { idempotency }) => {
    await checkServer(ctx, body)
    // The connection begins when the row is there for all.
    const { id } = await once(ctx, idempotency, async (tx) => ({ id: (await addServer(tx, body)).id }))
    return presentServer(ctx, await openServer(ctx, id))
  })

  http.route(endpoints.updateMcpServer, async (ctx, { params, body }) =>
    presentServer(ctx, await openServer(ctx, (await changeServer(ctx, params.id, body)).id)),
  )

  http.route(endpoints.deleteMcpServer, async (ctx, { params }) => {
    await removeServer(ctx, params.id)
    connectionsOf(ctx).drop(params.id)
  })

  http.route(endpoints.reconnectMcpServer, async (ctx, { params }) => {
    const server = await openServer(ctx, params.id)
    connectionsOf(ctx).of(server)?.reconnect({ drop: true })
    return presentServer(ctx, server)
  })

  http.route(endpoints.listTools, async (ctx, { params, query }) => {
    const tools = await listServerTools(ctx, await openServer(ctx, params.id))
    return pageOf(tools.map(presentTool), query, ({ name }) => name)
  })

  http.route(endpoints.setToolPolicy, async (ctx, { params, body }) => {
    const { tool } = await openTool(ctx, params)
    await choosePolicy(ctx, tool, body.policy, tool.definitionHash)
    const changed = await openTool(ctx, params)
    return presentTool(changed.tool)
  })

  http.route(endpoints.callTool, async (ctx, { params, body }, { idempotency }) => {
    const entry = await openTool(ctx, params)
    // Who calls it by hand has thereby approved it.
    return onceAround(ctx, idempotency, async () => {
      const subject = { kind: 'tool', id: `${params.id}/${params.tool}`, name: entry.tool.title }
      await audit(ctx, { action: 'tool.called', subject, after: { serverId: params.id } })
      return callEntry(ctx, entry, body, { signal: ctx.signal })
    })
  })

  http.route(endpoints.getToolResult, (ctx, { params, query }) => getResultPage(ctx, params.id, query.page))
}

async function openTool(ctx: Ctx, params: { id: string; tool: string }): Promise<CatalogueEntry> {
  const server = await openServer(ctx, params.id)
  return openEntry(ctx, ({ serverId, tool }) => serverId === server.id && tool === params.tool)
}

function presentTool({ serverName: _serverName, ...tool }: OfferedTool): Tool {
  return tool
}

/** A page of a list that is in memory whole, in the order of `keyOf`. */
function pageOf<T>(items: T[], query: PageQuery, keyOf: (item: T) => string): Page<T> {
  const after = query.cursor === undefined ? undefined : decodeCursor(z.string(), query.cursor)
  const sorted = [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after)
  const data = rest.slice(0, query.limit)
  const last = data.at(-1)
  return { data, nextCursor: rest.length > data.length && last !== undefined ? encodeCursor(keyOf(last)) : null }
}
