import { type RawBuilder, sql } from 'kysely'
import type { Ctx, Platform } from '../../platform/context.ts'
import type { FileRow } from './tables.ts'

/** A file in more conversations than this is looked for in these many. */
const maxConversations = 20

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

/** A file of the workspace the actor acts in, with the conversations it is in; who may see it is for access.ts. */
export function findFile(ctx: Ctx, id: string): Promise<(FileRow & { conversationIds: string[] }) | undefined> {
  return ctx.db
    .selectFrom('files')
    .selectAll()
    .select(
      sql<string[]>`array(select l."conversationId"::text from "conversationFiles" l
        where l."fileId" = "files"."id" limit ${sql.lit(maxConversations)})`.as('conversationIds'),
    )
    .where('id', '=', id)
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .executeTakeFirst()
}

/** An expression for the `with` of a statement: the files are in a conversation, if the expression `onlyIf` has a row. */
export function linkingFiles(ctx: Ctx, fileIds: string[], conversationId: string, onlyIf: string): RawBuilder<unknown> {
  return sql`"linkedFiles" as (
    insert into "conversationFiles" ("fileId", "conversationId", "workspaceId")
    select distinct f."id", ${conversationId}::uuid, ${ctx.actor.workspaceId}::uuid
    from ${sql.id(onlyIf)}, unnest(${fileIds}::uuid[]) as f ("id")
    on conflict do nothing
  )`
}

/** The same by itself. */
export async function linkFile(ctx: Ctx, fileId: string, conversationId: string): Promise<void> {
  await ctx.db
    .insertInto('conversationFiles')
    .values({ fileId, conversationId, workspaceId: ctx.actor.workspaceId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** What was in a conversation that is gone is only its owners' again. */
export async function unlinkFiles(platform: Platform, conversationId: string): Promise<void> {
  await platform.db.deleteFrom('conversationFiles').where('conversationId', '=', conversationId).execute()
}
