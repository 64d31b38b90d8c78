import { type Expression, type RawBuilder, type Selectable, sql } from 'kysely'
import type { Ctx, Database } from '../../platform/context.ts'
import { nameOf } from '../identity/index.ts'
import { grantedIds, hasGrants, rankOf } from '../sharing/index.ts'
import { isReached, rank } from './access.ts'
import type {} from './tables.ts'

type PresetColumns = Selectable<Database['presets']>
/** A preset with what is shown of it besides its columns. */
export type PresetRow = PresetColumns & {
  /** What the actor may do with it. */
  rank: number | null
  ownerName: string
  /** Whether it is shared with someone now. */
  isShared: boolean
}

const columns = [
  'presets.id',
  'presets.workspaceId',
  'presets.ownerId',
  'presets.name',
  'presets.description',
  'presets.model',
  'presets.maxOutputTokens',
  'presets.serverIds',
  'presets.version',
  'presets.shared',
  'presets.createdAt',
  'presets.updatedAt',
] as const

function shown(ctx: Ctx) {
  return [
    rank(ctx).as('rank'),
    nameOf('presets.ownerId').as('ownerName'),
    sql<boolean>`("presets"."shared" and ${hasGrants(ctx, 'preset', sql.ref('presets.id'))})`.as('isShared'),
  ] as const
}

/** Whatever preset of the workspace has this id; who may see it is for `requireAccess` to say. */
export async function findPreset(ctx: Ctx, id: string, { lock = false } = {}): Promise<PresetRow | undefined> {
  const query = ctx.db
    .selectFrom('presets')
    .selectAll()
    .select(shown(ctx))
    .where('id', '=', id)
    .where('workspaceId', '=', ctx.actor.workspaceId)
  return (lock ? query.forUpdate() : query).executeTakeFirst()
}

/** By name, those that are the actor's or were shared with them, without their instructions. */
export async function listPresets(
  ctx: Ctx,
  page: {
    filter: 'all' | 'own' | 'shared'
    limit: number
    search?: string | undefined
    /** Ends of the page before: by name, then id. */
    after?: [string, string] | undefined
  },
): Promise<Omit<PresetRow, 'instructions'>[]> {
  const isOwn = sql<boolean>`"presets"."ownerId" = ${ctx.actor.userId}`
  const isGranted = sql<boolean>`("presets"."shared" and "presets"."ownerId" <> ${ctx.actor.userId}
    and "presets"."id" in ${grantedIds(ctx, 'preset')})`
  let query = ctx.db
    .selectFrom('presets')
    .select(columns)
    .select(shown(ctx))
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where(isReached(ctx))
    .orderBy(sql`lower("name")`)
    .orderBy('id')
    .limit(page.limit + 1)
  if (page.filter === 'own') query = query.where(isOwn)
  else if (page.filter === 'shared') query = query.where(isGranted)
  else query = query.where(({ or }) => or([isOwn, isGranted]))
  if (page.search) query = query.where('name', 'ilike', `%${page.search.replace(/[\\%_]/g, '\\$&')}%`)
  if (page.after) {
    const [name, id] = page.after
    query = query.where(sql<boolean>`(lower("name"), "id") > (lower(${name}), ${id}::uuid)`)
  }
  return query.execute()
}

/** What people say of a preset. */
export type PresetSettings = Pick<
  PresetColumns,
  'name' | 'description' | 'model' | 'instructions' | 'maxOutputTokens' | 'serverIds'
>

export async function insertPreset(ctx: Ctx, id: string, settings: PresetSettings): Promise<PresetRow> {
  const now = ctx.clock.now()
  return ctx.db
    .insertInto('presets')
    .values({
      ...settings,
      serverIds: settings.serverIds && JSON.stringify(settings.serverIds),
      id,
      workspaceId: ctx.actor.workspaceId,
      ownerId: ctx.actor.userId,
      createdAt: now,
      updatedAt: now,
    })
    .returningAll()
    .returning(shown(ctx))
    .executeTakeFirstOrThrow()
}

export async function updatePreset(
  ctx: Ctx,
  id: string,
  { serverIds, ...change }: Partial<PresetSettings>,
): Promise<PresetRow> {
  return ctx.db
    .updateTable('presets')
    .set((eb) => ({
      ...change,
      ...(serverIds === undefined ? {} : { serverIds: serverIds && JSON.stringify(serverIds) }),
      version: eb('version', '+', 1),
      updatedAt: ctx.clock.now(),
    }))
    .where('id', '=', id)
    .returningAll()
    .returning(shown(ctx))
    .executeTakeFirstOrThrow()
}

export async function deletePreset(tx: Ctx, id: string): Promise<void> {
  await tx.db.deleteFrom('presets').where('id', '=', id).execute()
}

/** From now on others may have been given access. */
export async function markShared(tx: Ctx, id: string): Promise<void> {
  await tx.db.updateTable('presets').set({ shared: true }).where('id', '=', id).execute()
}

/** A preset that another thing names, as far as the actor may see it. */
export type NamedPreset = Pick<PresetColumns, 'name' | 'model'> & { rank: number | null }

/** It, as a column of another module's statement; `presetId` is the reference to its id. */
export function namedPreset(ctx: Ctx, presetId: Expression<unknown>): RawBuilder<NamedPreset | null> {
  return sql<NamedPreset | null>`(select jsonb_build_object('name', "presets"."name", 'model', "presets"."model",
    'rank', ${rank(ctx)}) ${fromPresets(ctx, presetId)})`
}

/** What a preset says of an answer. */
export type UsablePreset = Pick<PresetColumns, 'model' | 'instructions' | 'maxOutputTokens' | 'serverIds'>

/** It, as a column of another module's statement; null where the actor may not use that preset, or it is gone. */
export function usablePreset(ctx: Ctx, presetId: Expression<unknown>): RawBuilder<UsablePreset | null> {
  return sql<UsablePreset | null>`(select jsonb_build_object('model', "presets"."model",
    'instructions', "presets"."instructions", 'maxOutputTokens', "presets"."maxOutputTokens",
    'serverIds', "presets"."serverIds") ${fromPresets(ctx, presetId)} and ${rank(ctx)} >= ${sql.lit(rankOf('use'))})`
}

function fromPresets(ctx: Ctx, presetId: Expression<unknown>): RawBuilder<unknown> {
  return sql`from "presets" where "presets"."id" = ${presetId}
    and "presets"."workspaceId" = ${ctx.actor.workspaceId}`
}
