import { type Ctx, type Platform, perServer } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { getFirstWorkspaceId } from '../../identity/index.ts'

const known = perServer(() => ({ id: undefined as string | undefined }))

/** The workspace of whoever runs this installation: the one that the set-up link made. */
export async function operatorWorkspaceId(platform: Platform): Promise<string> {
  const state = known(platform)
  state.id ??= await getFirstWorkspaceId(platform.db)
  return state.id
}

/** Whether the actor runs this installation: an owner of that workspace, acting in it. */
export async function isOperator(ctx: Ctx): Promise<boolean> {
  return ctx.actor.role === 'owner' && ctx.actor.workspaceId === (await operatorWorkspaceId(ctx))
}

/** @throws AppError forbidden */
export async function requireOperator(ctx: Ctx): Promise<void> {
  if (await isOperator(ctx)) return
  throw new AppError('forbidden', 'Only the owner who runs this installation may do this.')
}
