import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { listServerIds } from '../tools/index.ts'

/**
 * The MCP servers of a preset after somebody chose among those they may see: others that were chosen before stay.
 * @throws AppError invalid_request that points at one that is not there for them
 */
export async function chooseServers(
  ctx: Ctx,
  chosen: string[] | null,
  before: string[] | null = null,
): Promise<string[] | null> {
  if (chosen === null) return null
  const seen = await listServerIds(ctx)
  const fields = chosen.flatMap((id, index) =>
    seen.has(id) || before?.includes(id)
      ? []
      : [{ pointer: `/serverIds/${index}`, message: 'Is not an MCP server of yours.' }],
  )
  if (fields.length > 0) throw new AppError('invalid_request', 'There is no such MCP server.', { fields })
  const unseen = before?.filter((id) => !seen.has(id)) ?? []
  return [...new Set([...chosen, ...unseen])].sort()
}
