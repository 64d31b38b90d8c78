import { setTimeout as sleep } from 'node:timers/promises'
import type { Tool } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { notFound } from '../../platform/errors.ts'
import type { Connection } from './connection.ts'
import { connectionsOf } from './connections.ts'
import { inByteOrder, modelNameOf } from './name-tools.ts'
import { reachesTool } from './reach.ts'
import { readResultTool } from './read-result.ts'
import { listServers } from './servers.ts'
import { type ToolPolicyRow, toolSettings } from './store.ts'
import type { OfferedTool, ServerSpec, ToolDefinition } from './types.ts'

/** How long a list waits for servers that are connecting for the first time, from the beginning of that. */
const firstAttemptMs = 5_000

/** A tool of the workspace with what it takes to call it; no connection for Parley's own. */
export interface CatalogueEntry {
  tool: OfferedTool
  connection: Connection | undefined
  /** False: the actor may see it, and not call it. */
  usable: boolean
}

/**
 * Every tool that the workspace's servers have, denied ones too, by name. The order and the text of it follow from
 * settings and definitions alone (P10). Waits a little for servers that are just starting, though never inside a
 * transaction, and for none that failed; with `patient`, until each was reached once or could not be.
 */
export async function listCatalogue(ctx: Ctx, options: { patient?: boolean } = {}): Promise<CatalogueEntry[]> {
  const waitMs = options.patient ? ctx.config.tools.connectTimeoutMs : firstAttemptMs
  return (await readCatalogue(ctx, { waitMs: ctx.db.isTransaction ? 0 : waitMs })).entries
}

/**
 * One tool, not waiting for servers that have nothing to do with it.
 * @throws AppError not_found
 */
export async function openEntry(ctx: Ctx, matches: (tool: OfferedTool) => boolean): Promise<CatalogueEntry> {
  const { entries, starting } = await readCatalogue(ctx)
  const find = (all: CatalogueEntry[]) => all.find(({ tool }) => matches(tool))
  const entry = find(entries) ?? (starting ? find(await listCatalogue(ctx)) : undefined)
  if (!entry) throw notFound('tool')
  return entry
}

/** Tools of one server, by name, as they are now. */
export async function listServerTools(ctx: Ctx, server: ServerSpec): Promise<OfferedTool[]> {
  const { entries } = await readCatalogue(ctx, { waitMs: firstAttemptMs, waitsFor: ({ id }) => id === server.id })
  return entries.flatMap(({ tool }) => (tool.serverId === server.id ? [tool] : []))
}

async function readCatalogue(
  ctx: Ctx,
  { waitMs = 0, waitsFor = () => true }: { waitMs?: number; waitsFor?: (server: ServerSpec) => boolean } = {},
): Promise<{ entries: CatalogueEntry[]; starting: boolean }> {
  const servers = await listServers(ctx)
  const connections = connectionsOf(ctx)
  const connected = servers.flatMap((server) => {
    const connection = connections.of(server)
    return connection ? [{ server, connection }] : []
  })
  if (connected.length === 0) return { entries: [], starting: false }
  const awaited = connected.filter(({ server }) => waitsFor(server))
  await Promise.all(awaited.map(({ connection }) => firstAttempt(connection, waitMs, ctx.signal)))

  const { policies } = await toolSettings.read(ctx)
  const declared = new Set(servers.filter(({ source }) => source === 'file').map(({ slug }) => slug))
  const entries = connected.flatMap(({ server, connection }) => {
    const distinct = server.source === 'workspace' && declared.has(server.slug)
    return connection.definitions
      .map((definition) => ({
        tool: presentTool(server, definition, policies, { distinct }),
        connection,
        usable: server.usable,
      }))
      .filter(({ tool }) => reachesTool(ctx.actor, tool))
  })
  const starting = connected.some(({ connection }) => connection.state === 'connecting')
  if (entries.length === 0) return { entries, starting }
  const byName = new Map<string, CatalogueEntry>([
    [readResultTool.name, { tool: readResultTool, connection: undefined, usable: true }],
  ])
  for (const entry of entries) if (!byName.has(entry.tool.name)) byName.set(entry.tool.name, entry)
  const named = [...byName].map(([name, entry]) => ({ name, entry }))
  return { entries: inByteOrder(named).map(({ entry }) => entry), starting }
}

function presentTool(
  server: ServerSpec,
  definition: ToolDefinition,
  policies: ToolPolicyRow[],
  options: { distinct: boolean },
): OfferedTool {
  const { tool, title, description, inputSchema, readOnly, destructive, idempotent, hash } = definition
  const chosen = policies.find((choice) => choice.serverId === server.id && choice.tool === tool)
  return {
    name: modelNameOf(server.slug, tool, options),
    serverId: server.id,
    serverName: server.name,
    tool,
    title,
    description,
    inputSchema,
    readOnly,
    destructive,
    idempotent,
    ...policyOf(definition, chosen),
    definitionHash: hash,
  }
}

/**
 * What was chosen, for this very definition. A tool that was judged and then changed is never run unasked, whatever it
 * says of itself now; one that was denied stays denied (P7).
 */
export function policyOf(
  { readOnly, hash }: Pick<ToolDefinition, 'readOnly' | 'hash'>,
  chosen: Pick<ToolPolicyRow, 'policy' | 'definitionHash'> | undefined,
): Pick<Tool, 'policy' | 'policySource'> {
  if (!chosen) return { policy: readOnly ? 'allow' : 'ask', policySource: 'default' }
  if (chosen.definitionHash === hash || chosen.policy === 'deny')
    return { policy: chosen.policy, policySource: 'chosen' }
  return { policy: 'ask', policySource: 'default' }
}

async function firstAttempt(connection: Connection, waitMs: number, signal: AbortSignal): Promise<void> {
  const leftMs = connection.startedAt + waitMs - performance.now()
  if (leftMs <= 0) return
  const timer = new AbortController()
  const either = AbortSignal.any([timer.signal, signal])
  const late = sleep(leftMs, undefined, { signal: either, ref: false }).catch(() => undefined) // the one who asked is gone
  await Promise.race([connection.firstAttempt, late])
  timer.abort()
}
