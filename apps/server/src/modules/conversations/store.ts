import type { Failure, Level, MessageStatus, Part, Usage } from '@parley/contract'
import type { Selectable } from 'kysely'
import { type RawBuilder, sql } from 'kysely'
import { type Ctx, type Database, reaches } from '../../platform/context.ts'
import { nameOf } from '../identity/index.ts'
import { type NamedPreset, namedPreset, type UsablePreset, usablePreset } from '../presets/index.ts'
import { grantedIds, grantedRank, hasGrants, rankOf } from '../sharing/index.ts'
import { isReached, rank } from './access.ts'
import { audienceOf } from './audience.ts'
import type {} from './tables.ts'

/** A conversation; `leafStatus` is how its active leaf stands. */
export type ConversationRow = Selectable<Database['conversations']> & {
  leafStatus?: MessageStatus | null
  /** What the actor may do with it. */
  rank: number | null
  /** What its preset says of an answer, where that was asked for. */
  preset?: UsablePreset | null
}
/** A conversation with what is shown of it besides. */
export type ShownConversation = ConversationRow & {
  /** The preset it names. */
  namedPreset: NamedPreset | null
  /** The run that writes in it now. */
  activeRunId: string | null
  ownerName: string
  /** Whether it is shared with someone now. */
  isShared: boolean
}
type ConversationColumns = Selectable<Database['conversations']>
export type MessageRow = Selectable<Database['messages']>
/** A message with the ids of its siblings. */
export type BranchRow = MessageRow & { siblingIds: string[] }

const activeRunId = sql<string | null>`(select w."runId" from "messages" w
  where w."conversationId" = "conversations"."id" and w."status" = 'writing' order by w."id" desc limit 1)`.as(
  'activeRunId',
)

/** What is shown of a conversation besides its columns. */
function shown(ctx: Ctx) {
  return [
    activeRunId,
    rank(ctx).as('rank'),
    nameOf('conversations.ownerId').as('ownerName'),
    namedPreset(ctx, sql.ref('conversations.presetId')).as('namedPreset'),
    sql<boolean>`("conversations"."shared" and ${hasGrants(ctx, 'conversation', sql.ref('conversations.id'))})`.as(
      'isShared',
    ),
  ] as const
}

/** Only what the actor may see: all else is as if it were not there (P6). */
function visible(ctx: Ctx) {
  return ctx.db
    .selectFrom('conversations')
    .selectAll()
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where(isReached(ctx))
    .where((eb) => eb.or([eb('ownerId', '=', ctx.actor.userId), eb.and([eb('shared', '=', true), isGranted(ctx)])]))
}

function isGranted(ctx: Ctx) {
  return sql<boolean>`${grantedRank(ctx, 'conversation', sql.ref('conversations.id'))} is not null`
}

/**
 * A conversation with what the actor may do with it: one look-up by its id, and another only for someone else's that is
 * shared. `rank` null: it is not theirs to see. `lockFor`: locked until the transaction ends, if the actor may do that much.
 */
export async function findConversation(
  ctx: Ctx,
  id: string,
  options: { lockFor?: Level; withPreset?: boolean } = {},
): Promise<ConversationRow | undefined> {
  const { lockFor, withPreset = false } = options
  if (lockFor === undefined) return readConversation(ctx, id, { withPreset })
  // Most is done with one's own. With others' it is looked up first who asks: a lock is for those who may change it.
  const own = await readConversation(ctx, id, { lock: true, own: true })
  if (own !== undefined) return own
  const seen = await readConversation(ctx, id)
  return (seen?.rank ?? 0) < rankOf(lockFor) ? seen : readConversation(ctx, id, { lock: true })
}

async function readConversation(
  ctx: Ctx,
  id: string,
  options: { lock?: boolean; own?: boolean; withPreset?: boolean } = {},
): Promise<ConversationRow | undefined> {
  if (options.own && !reaches(ctx.actor, 'conversations', id)) return undefined
  const query = ctx.db
    .selectFrom('conversations')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('messages')
        .select('status')
        .whereRef('messages.id', '=', 'conversations.activeLeafId')
        .as('leafStatus'),
    )
    .$if(options.withPreset === true, (query) =>
      query.select(usablePreset(ctx, sql.ref('conversations.presetId')).as('preset')),
    )
    .where('id', '=', id)
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .$if(options.own === true, (each) => each.where('ownerId', '=', ctx.actor.userId))
  const known = audienceOf(ctx).begin()
  const row = await (options.lock ? query.forUpdate() : query).executeTakeFirst()
  if (row === undefined) return undefined
  known(row)
  return { ...row, rank: await findRank(ctx, row) }
}

async function findRank(ctx: Ctx, { id, ownerId, shared }: ConversationColumns): Promise<number | null> {
  if (!reaches(ctx.actor, 'conversations', id)) return null
  if (ownerId === ctx.actor.userId) return rankOf('manage')
  if (!shared) return null
  const granted = grantedRank(ctx, 'conversation', sql.val(id))
  const { rows } = await sql<{ rank: number | null }>`select ${granted} as "rank"`.execute(ctx.db)
  return rows[0]?.rank ?? null
}

/** The same with all that is shown of it. */
export async function showConversation(ctx: Ctx, id: string): Promise<ShownConversation | undefined> {
  return visible(ctx).select(shown(ctx)).where('id', '=', id).executeTakeFirst()
}

export async function listConversations(
  ctx: Ctx,
  page: {
    /** `shared`: those of others that the actor was given access to. */
    filter: 'own' | 'shared'
    limit: number
    search?: string | undefined
    before?: { updatedAt: string; id: string } | undefined
  },
): Promise<ShownConversation[]> {
  const { userId, workspaceId } = ctx.actor
  const all = ctx.db
    .selectFrom('conversations')
    .selectAll()
    .select(shown(ctx))
    .where('workspaceId', '=', workspaceId)
    .where(isReached(ctx))
  let query = (
    page.filter === 'own'
      ? all.where('ownerId', '=', userId)
      : all
          .where('shared', '=', true)
          .where('ownerId', '!=', userId)
          .where(sql<boolean>`"conversations"."id" in ${grantedIds(ctx, 'conversation')}`)
  )
    .orderBy('updatedAt', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
  if (page.search) {
    const pattern = `%${page.search.replace(/[\\%_]/g, '\\$&')}%`
    query = query.where('title', 'ilike', pattern)
  }
  if (page.before) {
    const { updatedAt, id } = page.before
    query = query.where(sql<boolean>`("updatedAt", "id") < (${updatedAt}::timestamptz, ${id}::uuid)`)
  }
  return query.execute()
}

export async function insertConversation(
  ctx: Ctx,
  row: Omit<ConversationColumns, 'version' | 'shared'>,
): Promise<ShownConversation> {
  const inserted = await ctx.db
    .insertInto('conversations')
    .values(row)
    .returningAll()
    .returning(shown(ctx))
    .executeTakeFirstOrThrow()
  audienceOf(ctx).begin()(inserted)
  return inserted
}

type ConversationChange = Partial<
  Pick<ConversationColumns, 'title' | 'titleSource' | 'model' | 'presetId' | 'activeLeafId'>
>

/** Writes a change a person made: the version grows. */
export async function updateConversation(ctx: Ctx, id: string, change: ConversationChange): Promise<ShownConversation> {
  return ctx.db
    .updateTable('conversations')
    .set((eb) => ({ ...change, version: eb('version', '+', 1), updatedAt: ctx.clock.now() }))
    .where('id', '=', id)
    .returningAll()
    .returning(shown(ctx))
    .executeTakeFirstOrThrow()
}

/** A title found by itself: no new version, no new place in the list, and never over one a person gave. */
export async function setAutomaticTitle(
  ctx: Ctx,
  id: string,
  title: string,
): Promise<{ id: string; version: number } | undefined> {
  return ctx.db
    .updateTable('conversations')
    .set({ title, titleSource: 'auto' })
    .where('id', '=', id)
    .where('titleSource', 'in', ['none', 'provisional'])
    .returning(['id', 'version'])
    .executeTakeFirst()
}

/** From now on others may have been given access. */
export async function markShared(tx: Ctx, id: string): Promise<void> {
  await tx.db.updateTable('conversations').set({ shared: true }).where('id', '=', id).execute()
}

/** Who wrote in a conversation. */
export async function listAuthorIds(ctx: Ctx, conversationId: string): Promise<string[]> {
  const rows = await ctx.db
    .selectFrom('messages')
    .select('authorId')
    .distinct()
    .where('conversationId', '=', conversationId)
    .where('authorId', 'is not', null)
    .execute()
  return rows.map(({ authorId }) => authorId!)
}

export async function deleteConversation(ctx: Ctx, id: string): Promise<void> {
  await ctx.db.deleteFrom('conversations').where('id', '=', id).execute()
}

export async function findMessage(ctx: Ctx, id: string): Promise<MessageRow | undefined> {
  return ctx.db
    .selectFrom('messages')
    .selectAll('messages')
    .innerJoin('conversations', 'conversations.id', 'messages.conversationId')
    .where('messages.id', '=', id)
    .where('conversations.workspaceId', '=', ctx.actor.workspaceId)
    .where(sql<boolean>`${rank(ctx)} is not null`)
    .executeTakeFirst()
}

type NewMessageRow = Pick<MessageRow, 'id' | 'parentId' | 'role' | 'authorId' | 'status' | 'parts' | 'model' | 'runId'>

/**
 * Expressions for the `with` of a statement: "changed" moves the conversation on, "added" are its new messages. Where the
 * conversation is not at the version any more at which it was read, "changed" has no row and nothing is added.
 */
export function appending(
  ctx: Ctx,
  conversation: ConversationRow,
  rows: NewMessageRow[],
  change: ConversationChange,
): RawBuilder<unknown> {
  const now = ctx.clock.now()
  const changed = ctx.db
    .updateTable('conversations')
    .set((eb) => ({ ...change, version: eb('version', '+', 1), updatedAt: now }))
    .where('id', '=', conversation.id)
    .where('version', '=', conversation.version)
    .returning(['id', 'workspaceId'])
  return sql`"changed" as (${changed}), "added" as (
    insert into "messages"
      ("id", "workspaceId", "conversationId", "parentId", "role", "authorId", "status", "parts", "model", "runId",
        "createdAt")
    select m."id", "changed"."workspaceId", "changed"."id", m."parentId", m."role", m."authorId", m."status", m."parts",
      m."model", m."runId", ${now}::timestamptz
    from "changed", jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as m (
      "id" uuid, "parentId" uuid, "role" text, "authorId" uuid, "status" text, "parts" jsonb, "model" text, "runId" uuid
    )
  )`
}

export interface MessageChange {
  status?: MessageStatus
  parts?: Part[]
  model?: string | null
  usage?: Usage | null
  error?: Failure | null
  runId?: string | null
}

export async function updateMessage(ctx: Ctx, id: string, change: MessageChange): Promise<void> {
  await updating(ctx, id, change).execute()
}

/** The statement of it, to be part of a larger one. */
export function updating(ctx: Ctx, id: string, change: MessageChange) {
  const { parts, usage, error, ...plain } = change
  return ctx.db
    .updateTable('messages')
    .set({
      ...plain,
      ...(parts === undefined ? {} : { parts: JSON.stringify(parts) }),
      ...(usage === undefined ? {} : { usage: usage && JSON.stringify(usage) }),
      ...(error === undefined ? {} : { error: error && JSON.stringify(error) }),
    })
    .where('id', '=', id)
}

/**
 * Up to `limit` messages of the branch that ends at `leafId`, newest first. One index look-up a message, however large
 * the tree is.
 */
export async function listBranch(
  ctx: Ctx,
  conversationId: string,
  leafId: string,
  limit: number,
): Promise<BranchRow[]> {
  const { rows } = await sql<BranchRow>`
    with recursive branch as (
      select m.*, 1 as depth from "messages" m where m."id" = ${leafId} and m."conversationId" = ${conversationId}
      union all
      select m.*, b.depth + 1 from branch b join "messages" m on m."id" = b."parentId" where b.depth < ${limit}
    )
    select b."id", b."workspaceId", b."conversationId", b."parentId", b."role", b."authorId", b."status", b."parts",
      b."model", b."usage", b."error", b."runId", b."createdAt",
      case when b."parentId" is null
        then array(select s."id"::text from "messages" s
          where s."conversationId" = b."conversationId" and s."parentId" is null order by s."id")
        else array(select s."id"::text from "messages" s
          where s."conversationId" = b."conversationId" and s."parentId" = b."parentId" order by s."id")
      end as "siblingIds"
    from branch b order by b.depth`.execute(ctx.db)
  return rows
}

/** The newest message below `messageId`, following the newest child each time. */
export async function newestLeafBelow(ctx: Ctx, conversationId: string, messageId: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    with recursive down as (
      select ${messageId}::uuid as "id", 1 as depth
      union all
      select (select c."id" from "messages" c
        where c."conversationId" = ${conversationId} and c."parentId" = d."id" order by c."id" desc limit 1), d.depth + 1
      from down d where d."id" is not null
    )
    select "id" from down where "id" is not null order by depth desc limit 1`.execute(ctx.db)
  return rows[0]?.id ?? messageId
}

/** Ids of the children of a message (or of the first messages), oldest first. */
export async function listChildIds(ctx: Ctx, conversationId: string, parentId: string | null): Promise<string[]> {
  const rows = await ctx.db
    .selectFrom('messages')
    .select('id')
    .where('conversationId', '=', conversationId)
    .where('parentId', parentId === null ? 'is' : '=', parentId)
    .orderBy('id')
    .execute()
  return rows.map((row) => row.id)
}
