import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { ChangeEvent, ProviderVerdict } from '@parley/contract'
import { type Platform, perServer } from '../../platform/context.ts'
import { checkProvider } from './check-provider.ts'
import { environmentProviders, fromRow, type KnownProvider, untested } from './connections.ts'
import * as store from './store.ts'

const MINUTE_MS = 60_000
/** How long a choice waits for the first list of a server that has just started for the first time. */
const FIRST_LIST_MS = 3_000

/** The refresh under way in this process. */
const underWay = perServer(() => ({ refresh: Promise.resolve() }))

/**
 * Reads what the operator's providers listed last, then asks all providers: now, every hour, and those that were away
 * every minute. All in the background: a provider that is away delays no start. Never throws.
 */
export function startModels(platform: Platform): void {
  let minute = 0
  const refresh = (minute: number) => {
    underWay(platform).refresh = refreshCatalogue(platform, minute).catch((error: unknown) => {
      if (!platform.shutdown.aborted) platform.log.warn({ err: error }, 'the model catalogue was not refreshed')
    })
  }
  const timer = setInterval(() => refresh(++minute), MINUTE_MS)
  timer.unref()
  platform.shutdown.addEventListener('abort', () => clearInterval(timer), { once: true })
  refresh(0)
}

/** Waits, a little, where this process has not heard of any model of the operator's providers yet. */
export async function firstListRead(platform: Platform): Promise<void> {
  const isUnknown = (provider: KnownProvider) => provider.verdict === untested && provider.models.length === 0
  if (!environmentProviders(platform).some(isUnknown)) return
  await Promise.race([underWay(platform).refresh, sleep(FIRST_LIST_MS, undefined, { ref: false })])
}

async function refreshCatalogue(platform: Platform, minute: number): Promise<void> {
  const ofOperator = environmentProviders(platform)
  if (minute === 0) {
    for (const provider of ofOperator) {
      provider.models = await store.findEnvironmentModels(platform, provider.slug, provider.connection.baseUrl)
    }
  }
  const isDue = ({ verdict }: KnownProvider) => minute % 60 === 0 || passing.has(verdict.code)
  await Promise.all(ofOperator.filter(isDue).map((provider) => refreshEnvironmentProvider(platform, provider)))
  const rows = await store.listAllProviderRows(platform)
  await Promise.all(
    rows.map(async (row) => {
      const provider = fromRow(platform, row)
      if (isDue(provider)) await refreshWorkspaceProvider(platform, provider, row.workspaceId)
    }),
  )
}

const passing: ReadonlySet<ProviderVerdict['code']> = new Set(['network', 'timeout', 'overloaded', 'rate_limited'])

/** Tries one of the operator's providers and keeps its list, here and for the next start. */
export async function refreshEnvironmentProvider(platform: Platform, provider: KnownProvider): Promise<void> {
  const { verdict, models } = await checkProvider(platform, null, provider.connection)
  const isNews = verdict.code !== provider.verdict.code
  provider.verdict = verdict
  if (!verdict.ok && isNews) platform.log.warn({ provider: provider.slug, code: verdict.code }, verdict.detail)
  if (!models) return
  provider.models = models
  await store.saveEnvironmentModels(platform, provider.slug, provider.connection.baseUrl, models)
}

async function refreshWorkspaceProvider(
  platform: Platform,
  provider: KnownProvider,
  workspaceId: string,
): Promise<void> {
  const { verdict, models } = await checkProvider(platform, workspaceId, provider.connection)
  const { id, connection } = provider
  await store.saveRefreshed(
    platform,
    { id, workspaceId, baseUrl: connection.baseUrl },
    { verdict: JSON.stringify(verdict), ...(models ? { models: JSON.stringify(models) } : {}) },
  )
  const isNews = models !== undefined && !isDeepStrictEqual(models, provider.models)
  if (isNews || verdict.code !== provider.verdict.code) announceModels(platform, workspaceId)
}

/** Tells every open window of the workspace, on the channel `changes:workspace:<id>`. Call it when the change is committed. */
export function announceModels(platform: Platform, workspaceId: string): void {
  platform.bus.publish(`changes:workspace:${workspaceId}`, { type: 'models-changed' } satisfies ChangeEvent)
}
