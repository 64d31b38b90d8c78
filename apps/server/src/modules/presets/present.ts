import type { ConversationPreset, Preset, PresetSummary } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { levelOf, rankOf } from '../sharing/index.ts'
import type { NamedPreset, PresetRow } from './store.ts'

/** A preset as lists show it. `seen`: ids of the MCP servers that the actor may see. */
export function presentSummary(
  ctx: Ctx,
  row: Omit<PresetRow, 'instructions'>,
  seen: ReadonlySet<string>,
): PresetSummary {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    model: row.model,
    maxOutputTokens: row.maxOutputTokens,
    serverIds: row.serverIds?.filter((id) => seen.has(id)) ?? null,
    version: row.version,
    owner: row.ownerId === ctx.actor.userId ? null : { id: row.ownerId, name: row.ownerName },
    shared: row.isShared,
    level: levelOf(row.rank!),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

/** The same with its instructions. */
export function presentPreset(ctx: Ctx, row: PresetRow, seen: ReadonlySet<string>): Preset {
  return { ...presentSummary(ctx, row, seen), instructions: row.instructions }
}

/** The preset that a conversation names, as the actor has it; they may see the one and not the other. */
export function presentNamedPreset(id: string | null, found: NamedPreset | null): ConversationPreset | null {
  if (id === null) return null
  if (!found || found.rank === null) return { id, name: null, model: null, usable: false }
  return { id, name: found.name, model: found.model, usable: found.rank >= rankOf('use') }
}
