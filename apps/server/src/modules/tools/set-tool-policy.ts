import type { ToolPolicy } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { openEntry } from './catalogue.ts'
import { deleteToolPolicy, saveToolPolicy } from './store.ts'
import type { OfferedTool } from './types.ts'

/**
 * Chooses what happens when a model wants to call a tool of the workspace, as it is defined now; `default` forgets the
 * choice. Who may is for the caller to check.
 * @throws AppError not_found; conflict when the tool is not the one that was looked at any more (P7)
 */
export async function setToolPolicy(
  ctx: Ctx,
  name: string,
  policy: ToolPolicy | 'default',
  definitionHash: string,
): Promise<void> {
  const { tool } = await openEntry(ctx, (candidate) => candidate.name === name)
  await choosePolicy(ctx, tool, policy, definitionHash)
}

/** The same for a tool that was found already. */
export async function choosePolicy(
  ctx: Ctx,
  { serverId, tool, title, definitionHash: current }: OfferedTool,
  policy: ToolPolicy | 'default',
  definitionHash: string,
): Promise<void> {
  if (definitionHash !== current) {
    throw new AppError('conflict', `"${title}" changed since it was shown. Look at it again and choose.`)
  }
  if (policy === 'default') await deleteToolPolicy(ctx, serverId, tool)
  else await saveToolPolicy(ctx, { serverId, tool, policy, definitionHash })
}
