import type { ChangeEvent } from '@parley/contract'
import { type Platform, perServer } from '../../platform/context.ts'
import { checkProvider } from './check-provider.ts'
import { environmentProviders, fromRow, type KnownProvider } from './connections.ts'
import * as store from './store.ts'

const HOUR_MS = 3_600_000

/**
 * Reads what the operator's providers listed last, then asks all providers in the background, now and every hour.
 * Never waits for a provider: one that is away delays no start.
 */
export async function startModels(platform: Platform): Promise<void> {
  for (const provider of environmentProviders(platform)) {
    provider.models = await store.findEnvironmentModels(platform, provider.slug, provider.connection.baseUrl)
  }
  if (platform.shutdown.aborted) return
  const refresh = () => void refreshAll(platform)
  const timer = setInterval(refresh, HOUR_MS)
  timer.unref()
  platform.shutdown.addEventListener('abort', () => clearInterval(timer), { once: true })
  refresh()
}

/** The refresh under way, for whoever wants to wait for it. */
const underWay = perServer(() => ({ refresh: Promise.resolve() }))

/** Resolves when the background refresh that is under way is over. Never rejects. */
export function catalogueRefreshed(platform: Platform): Promise<void> {
  return underWay(platform).refresh
}

function refreshAll(platform: Platform): Promise<void> {
  const refresh = (async () => {
    const rows = await store.listAllProviderRows(platform)
    const workspaceProviders = rows.map((row) => ({ provider: fromRow(platform, row), workspaceId: row.workspaceId }))
    await Promise.all([
      ...environmentProviders(platform).map((provider) => refreshEnvironmentProvider(platform, provider)),
      ...workspaceProviders.map(({ provider, workspaceId }) =>
        refreshWorkspaceProvider(platform, provider, workspaceId),
      ),
    ])
  })().catch((error: unknown) => {
    if (!platform.shutdown.aborted) platform.log.warn({ err: error }, 'the model catalogue was not refreshed')
  })
  underWay(platform).refresh = refresh
  return refresh
}

/** Tries one of the operator's providers and keeps its list, here and for the next start. */
export async function refreshEnvironmentProvider(platform: Platform, provider: KnownProvider): Promise<void> {
  const { verdict, models } = await checkProvider(platform, provider.connection)
  provider.verdict = verdict
  if (!verdict.ok) platform.log.warn({ provider: provider.slug, code: verdict.code }, verdict.detail)
  if (!models) return
  provider.models = models
  await store.saveEnvironmentModels(platform, provider.slug, provider.connection.baseUrl, models)
}

async function refreshWorkspaceProvider(
  platform: Platform,
  provider: KnownProvider,
  workspaceId: string,
): Promise<void> {
  const { verdict, models } = await checkProvider(platform, provider.connection)
  await platform.db
    .updateTable('modelProviders')
    .set({ verdict: JSON.stringify(verdict), ...(models ? { models: JSON.stringify(models) } : {}) })
    .where('id', '=', provider.id)
    // What the person changed meanwhile was tried on its own.
    .where('baseUrl', '=', provider.connection.baseUrl)
    .execute()
  announceModels(platform, workspaceId)
}

/** Tells every open window of the workspace, on the channel `changes:workspace:<id>`. Call it when the change is committed. */
export function announceModels(platform: Platform, workspaceId: string): void {
  platform.bus.publish(`changes:workspace:${workspaceId}`, { type: 'models-changed' } satisfies ChangeEvent)
}
