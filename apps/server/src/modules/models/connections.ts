import type { ProviderVerdict } from '@parley/contract'
import { type Ctx, type Platform, perServer } from '../../platform/context.ts'
import { isId } from '../../platform/crypto/index.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import type { ListedModel } from './list-models.ts'
import { ModelError } from './model-error.ts'
import * as store from './store.ts'
import type { Connection, Model } from './types.ts'

/** A provider with all that is known of it, whoever connected it. */
export interface KnownProvider {
  id: string
  slug: string
  source: 'environment' | 'workspace'
  connection: Connection
  keyHint: string | null
  verdict: ProviderVerdict
  models: ListedModel[]
  createdAt: Date | null
}

export const untested: ProviderVerdict = {
  ok: false,
  code: 'untested',
  detail: 'Not tried yet.',
  modelCount: 0,
  checkedAt: null,
}

/** The operator's providers, with what this process last heard from them. */
export const environmentProviders = perServer((platform): KnownProvider[] =>
  platform.config.models.environmentProviders.map(({ slug, name, protocol, baseUrl }) => {
    const apiKey = platform.secrets.providerKeys[slug]
    return {
      id: slug,
      slug,
      source: 'environment',
      connection: { name, protocol, baseUrl: tidyBaseUrl(protocol, baseUrl), apiKey, trusted: true },
      keyHint: apiKey === undefined ? null : keyHint(apiKey),
      verdict: untested,
      models: [],
      createdAt: null,
    }
  }),
)

/** All that the actor's workspace may use: the operator's first, then its own, oldest first. */
export async function listKnownProviders(ctx: Ctx): Promise<KnownProvider[]> {
  const { providers } = await store.modelSettings.read(ctx)
  return [...environmentProviders(ctx), ...providers.map((row) => fromRow(ctx, row))]
}

/** @throws AppError not_found */
export async function getKnownProvider(ctx: Ctx, id: string): Promise<KnownProvider> {
  const own = environmentProviders(ctx).find((provider) => provider.id === id)
  if (own) return own
  const row = isId(id) ? await store.findProviderRow(ctx, id) : undefined
  if (!row) throw notFound('model provider')
  return fromRow(ctx, row)
}

/** How to reach the provider of a model. @throws AppError model_unavailable where it was disconnected meanwhile */
export async function getConnection(ctx: Ctx, model: Model): Promise<Connection> {
  const own = environmentProviders(ctx).find((provider) => provider.id === model.providerId)
  if (own) return own.connection
  const { providers } = await store.modelSettings.read(ctx)
  const row = providers.find((provider) => provider.id === model.providerId)
  if (!row) {
    throw new AppError('model_unavailable', `${model.providerName} is no longer connected. Choose another model.`)
  }
  return fromRow(ctx, row).connection
}

export function fromRow(platform: Platform, row: store.ProviderRow): KnownProvider {
  const { id, name, protocol, baseUrl, sealedKey, keyHint, verdict, models, createdAt } = row
  // A provider that the operator set later under the same slug comes first; the other one stays reachable.
  const taken = environmentProviders(platform).some((provider) => provider.slug === row.slug)
  return {
    id,
    slug: taken ? `${row.slug}-workspace` : row.slug,
    source: 'workspace',
    connection: {
      name,
      protocol,
      baseUrl,
      trusted: false,
      get apiKey() {
        return sealedKey === null ? undefined : openKey(platform, sealedKey, { id, name })
      },
    },
    keyHint,
    verdict,
    models,
    createdAt,
  }
}

function openKey(platform: Platform, sealedKey: string, { id, name }: { id: string; name: string }): string {
  try {
    return platform.keyring.open(sealedKey, keyContext(id))
  } catch (error) {
    throw new ModelError(
      'model_auth',
      `The stored key of ${name} cannot be opened: this server has another master key now. Enter it again under Settings → Models.`,
      { cause: error },
    )
  }
}

/** Binds a sealed key to its row: it opens nowhere else. */
export function keyContext(providerId: string): string {
  return `model-provider:${providerId}`
}

/** The last characters of a key long enough not to be given away by them. */
export function keyHint(apiKey: string): string {
  return apiKey.length >= 12 ? apiKey.slice(-4) : ''
}

/** Without a slash at the end; Anthropic's addresses are given with and without `/v1`, and its adapter adds it. */
export function tidyBaseUrl(protocol: Connection['protocol'], baseUrl: string): string {
  const trimmed = baseUrl.replace(/\/+$/, '')
  return protocol === 'anthropic' ? trimmed.replace(/\/v1$/, '') : trimmed
}
