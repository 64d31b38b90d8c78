import type { Insertable, Selectable, Updateable } from 'kysely'
import { rememberPerWorkspace } from '../../platform/cache/index.ts'
import type { Ctx, Platform } from '../../platform/context.ts'
import type { ListedModel } from './list-models.ts'
import type { ModelProvidersTable } from './tables.ts'

export type ProviderRow = Selectable<ModelProvidersTable>

/** The workspace's own providers, oldest first, and its default model: what every reply needs. */
export const modelSettings = rememberPerWorkspace('model-settings', async (ctx) => {
  const [providers, defaultModel] = await Promise.all([listProviderRows(ctx), findDefaultModel(ctx)])
  return { providers, defaultModel }
})

/** The workspace's own providers, oldest first. */
export function listProviderRows(ctx: Ctx): Promise<ProviderRow[]> {
  return ctx.db
    .selectFrom('modelProviders')
    .selectAll()
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .orderBy('id')
    .execute()
}

export function findProviderRow(ctx: Ctx, id: string): Promise<ProviderRow | undefined> {
  return ctx.db
    .selectFrom('modelProviders')
    .selectAll()
    .where('id', '=', id)
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .executeTakeFirst()
}

/** Undefined where its slug is taken. */
export async function insertProvider(ctx: Ctx, row: Insertable<ModelProvidersTable>): Promise<ProviderRow | undefined> {
  const inserted = await ctx.db
    .insertInto('modelProviders')
    .values(row)
    .onConflict((conflict) => conflict.columns(['workspaceId', 'slug']).doNothing())
    .returningAll()
    .executeTakeFirst()
  modelSettings.changed(ctx, ctx.actor.workspaceId)
  return inserted
}

/** Undefined where it was deleted meanwhile. */
export async function updateProvider(
  ctx: Ctx,
  id: string,
  change: Updateable<ModelProvidersTable>,
): Promise<ProviderRow | undefined> {
  const updated = await ctx.db
    .updateTable('modelProviders')
    .set(change)
    .where('id', '=', id)
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .returningAll()
    .executeTakeFirst()
  modelSettings.changed(ctx, ctx.actor.workspaceId)
  return updated
}

/** What the regular refresh heard, unless the address was changed meanwhile: that was tried on its own. */
export async function saveRefreshed(
  platform: Platform,
  provider: { id: string; workspaceId: string; baseUrl: string },
  change: Pick<Updateable<ModelProvidersTable>, 'verdict' | 'models'>,
): Promise<void> {
  await platform.db
    .updateTable('modelProviders')
    .set(change)
    .where('id', '=', provider.id)
    .where('baseUrl', '=', provider.baseUrl)
    .execute()
  modelSettings.changed(platform, provider.workspaceId)
}

export async function deleteProvider(ctx: Ctx, id: string): Promise<boolean> {
  const result = await ctx.db
    .deleteFrom('modelProviders')
    .where('id', '=', id)
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .executeTakeFirst()
  modelSettings.changed(ctx, ctx.actor.workspaceId)
  return result.numDeletedRows > 0n
}

async function findDefaultModel(ctx: Ctx): Promise<string | null> {
  const row = await ctx.db
    .selectFrom('modelSettings')
    .select('defaultModel')
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .executeTakeFirst()
  return row?.defaultModel ?? null
}

export async function saveDefaultModel(ctx: Ctx, defaultModel: string | null): Promise<void> {
  await ctx.db
    .insertInto('modelSettings')
    .values({ workspaceId: ctx.actor.workspaceId, defaultModel })
    .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet({ defaultModel }))
    .execute()
  modelSettings.changed(ctx, ctx.actor.workspaceId)
}

/** Of all workspaces: for the hourly refresh. */
export function listAllProviderRows(platform: Platform): Promise<ProviderRow[]> {
  return platform.db.selectFrom('modelProviders').selectAll().orderBy('id').execute()
}

/** What the operator's provider listed last at this address. */
export async function findEnvironmentModels(platform: Platform, slug: string, baseUrl: string): Promise<ListedModel[]> {
  const row = await platform.db
    .selectFrom('environmentModels')
    .select('models')
    .where('slug', '=', slug)
    .where('baseUrl', '=', baseUrl)
    .executeTakeFirst()
  return row?.models ?? []
}

export async function saveEnvironmentModels(
  platform: Platform,
  slug: string,
  baseUrl: string,
  listed: ListedModel[],
): Promise<void> {
  const values = { baseUrl, models: JSON.stringify(listed), updatedAt: platform.clock.now() }
  await platform.db
    .insertInto('environmentModels')
    .values({ slug, ...values })
    .onConflict((conflict) => conflict.column('slug').doUpdateSet(values))
    .execute()
}
