import type { Ctx } from '../../platform/context.ts'
import { maySeeShared } from '../sharing/index.ts'

/** Who uploaded a file may see it, and who may see a conversation that it is in. */
export async function maySee(ctx: Ctx, file: { ownerId: string; conversationIds: string[] }): Promise<boolean> {
  if (file.ownerId === ctx.actor.userId) return true
  for (const id of file.conversationIds) if (await maySeeShared(ctx, 'conversation', id)) return true
  return false
}
