import type { Ctx } from '../../platform/context.ts'
import type { FileRow } from './tables.ts'

export function insertFile(
  ctx: Ctx,
  file: Pick<FileRow, 'id' | 'name' | 'mediaType' | 'bytes' | 'sha256' | 'storageKey'>,
): Promise<FileRow> {
  const { workspaceId, userId: ownerId } = ctx.actor
  return ctx.db
    .insertInto('files')
    .values({ ...file, workspaceId, ownerId, createdAt: ctx.clock.now() })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** A file of the actor's own, in the workspace they act in. */
export function findFile(ctx: Ctx, id: string): Promise<FileRow | undefined> {
  return ctx.db
    .selectFrom('files')
    .selectAll()
    .where('id', '=', id)
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where('ownerId', '=', ctx.actor.userId)
    .executeTakeFirst()
}
