import type { ToolPolicy } from '@parley/contract'
import { audit } from '../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../platform/context.ts'
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
  { serverId, tool, title, policy: former, definitionHash: current }: OfferedTool,
  policy: ToolPolicy | 'default',
  definitionHash: string,
): Promise<void> {
  if (definitionHash !== current) {
    throw new AppError('conflict', `"${title}" changed since it was shown. Look at it again and choose.`)
  }
  const choose = async (tx: Ctx) => {
    if (policy === 'default') await deleteToolPolicy(tx, serverId, tool)
    else await saveToolPolicy(tx, { serverId, tool, policy, definitionHash })
    const subject = { kind: 'tool', id: `${serverId}/${tool}`, name: title }
    await audit(tx, {
      action: 'tool.policy-changed',
      subject,
      before: { policy: former },
      after: { policy, definitionHash },
    })
  }
  await (ctx.db.isTransaction ? choose(ctx) : inTransaction(ctx, choose))
}
