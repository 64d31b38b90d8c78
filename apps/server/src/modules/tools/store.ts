import type { ToolPolicy } from '@parley/contract'
import { type Selectable, sql } from 'kysely'
import { rememberPerWorkspace } from '../../platform/cache/index.ts'
import type { Ctx, Database, Platform } from '../../platform/context.ts'
import type {} from './tables.ts'

export type McpServerRow = Selectable<Database['mcpServers']>
export type ToolPolicyRow = Selectable<Database['toolPolicies']>

/** The workspace's own servers, by slug, and what was chosen for tools: what every reply needs. */
export const toolSettings = rememberPerWorkspace('tool-settings', async (ctx) => {
  const [servers, policies] = await Promise.all([listMcpServers(ctx), listToolPolicies(ctx)])
  return { servers, policies }
})

function listMcpServers(ctx: Ctx): Promise<McpServerRow[]> {
  return ctx.db
    .selectFrom('mcpServers')
    .selectAll()
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .orderBy('slug')
    .execute()
}

/** Those of all workspaces that are switched on, to connect to them at start. */
export function listEnabledMcpServers(platform: Platform): Promise<McpServerRow[]> {
  return platform.db.selectFrom('mcpServers').selectAll().where('enabled', '=', true).orderBy('id').execute()
}

export async function insertMcpServer(
  ctx: Ctx,
  row: Omit<McpServerRow, 'workspaceId' | 'createdBy' | 'createdAt' | 'revision'>,
): Promise<McpServerRow> {
  const inserted = await ctx.db
    .insertInto('mcpServers')
    .values({
      ...row,
      args: row.args && JSON.stringify(row.args),
      secretNames: JSON.stringify(row.secretNames),
      workspaceId: ctx.actor.workspaceId,
      revision: 1,
      createdBy: ctx.actor.userId,
      createdAt: ctx.clock.now(),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  toolSettings.changed(ctx, ctx.actor.workspaceId)
  return inserted
}

export async function updateMcpServer(
  ctx: Ctx,
  id: string,
  { secretNames, ...change }: Partial<Pick<McpServerRow, 'name' | 'enabled' | 'secrets' | 'secretNames'>>,
): Promise<McpServerRow | undefined> {
  const updated = await ctx.db
    .updateTable('mcpServers')
    .set((row) => ({
      ...change,
      ...(secretNames && { secretNames: JSON.stringify(secretNames) }),
      revision: row('revision', '+', 1),
    }))
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  toolSettings.changed(ctx, ctx.actor.workspaceId)
  return updated
}

/** Deletes a server and what was chosen for its tools. */
export async function deleteMcpServer(tx: Ctx, id: string): Promise<void> {
  const { workspaceId } = tx.actor
  await tx.db.deleteFrom('mcpServers').where('workspaceId', '=', workspaceId).where('id', '=', id).execute()
  await tx.db.deleteFrom('toolPolicies').where('workspaceId', '=', workspaceId).where('serverId', '=', id).execute()
  toolSettings.changed(tx, workspaceId)
}

function listToolPolicies(ctx: Ctx): Promise<ToolPolicyRow[]> {
  return ctx.db.selectFrom('toolPolicies').selectAll().where('workspaceId', '=', ctx.actor.workspaceId).execute()
}

export async function saveToolPolicy(
  ctx: Ctx,
  choice: { serverId: string; tool: string; policy: ToolPolicy; definitionHash: string },
): Promise<void> {
  const { policy, definitionHash } = choice
  const chosen = { policy, definitionHash, chosenBy: ctx.actor.userId, chosenAt: ctx.clock.now() }
  await ctx.db
    .insertInto('toolPolicies')
    .values({ workspaceId: ctx.actor.workspaceId, serverId: choice.serverId, tool: choice.tool, ...chosen })
    .onConflict((conflict) => conflict.columns(['workspaceId', 'serverId', 'tool']).doUpdateSet(chosen))
    .execute()
  toolSettings.changed(ctx, ctx.actor.workspaceId)
}

export async function deleteToolPolicy(ctx: Ctx, serverId: string, tool: string): Promise<void> {
  await ctx.db
    .deleteFrom('toolPolicies')
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where('serverId', '=', serverId)
    .where('tool', '=', tool)
    .execute()
  toolSettings.changed(ctx, ctx.actor.workspaceId)
}

export async function insertToolResult(
  ctx: Ctx,
  result: { id: string; conversationId: string | null; tool: string; characters: number; pages: string[] },
): Promise<void> {
  await ctx.db
    .insertInto('toolResults')
    .values({
      ...result,
      pages: JSON.stringify(result.pages),
      workspaceId: ctx.actor.workspaceId,
      ownerId: ctx.actor.userId,
      createdAt: ctx.clock.now(),
    })
    .execute()
}

/** One page of a result of the workspace, from 1 on; no text when there is no such page. Who may see it is for access.ts. */
export async function findToolResultPage(
  ctx: Ctx,
  id: string,
  page: number,
): Promise<{ text: string | null; pages: number; ownerId: string; conversationId: string | null } | undefined> {
  return ctx.db
    .selectFrom('toolResults')
    .select(({ ref, val }) => [
      'ownerId' as const,
      'conversationId' as const,
      sql<string | null>`${ref('pages')} ->> ${val(page - 1)}::int`.as('text'),
      sql<number>`jsonb_array_length(${ref('pages')})`.as('pages'),
    ])
    .where('id', '=', id)
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .executeTakeFirst()
}

/** Deletes what the tools of a conversation answered. */
export async function deleteToolResults(platform: Platform, conversationId: string): Promise<void> {
  await platform.db.deleteFrom('toolResults').where('conversationId', '=', conversationId).execute()
}
