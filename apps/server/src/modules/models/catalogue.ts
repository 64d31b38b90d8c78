import type { Model } from '@parley/contract'
import { type Ctx, reaches } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { type KnownProvider, listKnownProviders } from './connections.ts'
import { guideModel } from './guide/model.ts'
import { isForChat, knownModel } from './known-models.ts'
import type { ListedModel } from './list-models.ts'
import { firstListRead } from './refresh-catalogue.ts'
import { modelSettings } from './store.ts'

/** Models that can be chosen: the default first, then by provider and name, the guide last. */
export async function listChatModels(ctx: Ctx): Promise<Model[]> {
  await firstListRead(ctx)
  const providers = await listKnownProviders(ctx)
  const chosen = await findDefault(ctx, providers)
  const models = [...providers.flatMap((provider) => modelsOf(ctx, provider)), guideModel].filter(
    (model) => model.id !== chosen.model.id,
  )
  const all = [chosen.model, ...models].filter((model) => reaches(ctx.actor, 'models', model.id))
  return all.map((model) => ({ ...model, isDefault: model.id === chosen.model.id }))
}

/**
 * The model that answers, and why in a few words for people: the one asked for, or the workspace's default, the
 * operator's, a sensible one of those connected, the guide. A key that is limited to models chooses among those only.
 * @throws AppError model_unavailable when the one asked for, or all that the key is limited to, are not connected
 */
export async function chooseModel(ctx: Ctx, requested?: string): Promise<{ model: Model; reason: string }> {
  // A model beyond the key is as one that is not connected.
  const possible = requested === undefined || reaches(ctx.actor, 'models', requested)
  if (requested === guideModel.id && possible) return { model: guideModel, reason: 'You chose it.' }
  await firstListRead(ctx)
  const providers = await listKnownProviders(ctx)
  if (requested === undefined) return findDefault(ctx, providers)
  const model = possible ? findModel(ctx, providers, requested) : undefined
  if (!model) {
    throw new AppError(
      'model_unavailable',
      `The model “${requested.slice(0, 100)}” is not connected. Choose another one.`,
    )
  }
  return { model, reason: 'You chose it.' }
}

async function findDefault(ctx: Ctx, providers: KnownProvider[]): Promise<{ model: Model; reason: string }> {
  const within = (id: string) => reaches(ctx.actor, 'models', id)
  const { defaultModel: ofWorkspace } = await modelSettings.read(ctx)
  if (ofWorkspace !== null && within(ofWorkspace)) {
    const model = findModel(ctx, providers, ofWorkspace)
    if (model) return { model, reason: 'It is the default of this workspace.' }
  }
  const { defaultModel } = ctx.config.models
  if (defaultModel !== undefined && within(defaultModel)) {
    const model = findModel(ctx, providers, defaultModel)
    if (model) return { model, reason: 'It is the default of this server.' }
  }
  const { models } = ctx.actor.resources ?? {}
  if (models !== undefined) {
    const first = models.map((id) => findModel(ctx, providers, id)).find((model) => model !== undefined)
    if (first) return { model: first, reason: 'It is the first that the key may use.' }
    throw new AppError('model_unavailable', 'None of the models that this key may use is connected.')
  }
  for (const provider of providers) {
    const model = bestOf(ctx, provider)
    if (model) return { model, reason: `Nobody chose a default; it is the best match at ${provider.connection.name}.` }
  }
  return { model: guideModel, reason: 'No model is connected yet.' }
}

/** Where a provider lists nothing (some have no list), any name of it is taken at its word. */
export function findModel(ctx: Ctx, providers: KnownProvider[], id: string): Model | undefined {
  if (id === guideModel.id) return guideModel
  const slash = id.indexOf('/')
  const provider = providers.find(({ slug }) => slug === id.slice(0, slash))
  const name = id.slice(slash + 1)
  if (!provider || slash < 0 || name === '') return undefined
  const listed = provider.models.find((model) => model.name === name)
  if (!listed && provider.models.length > 0) return undefined
  return toModel(ctx, provider, listed ?? { name })
}

function bestOf(ctx: Ctx, provider: KnownProvider): Model | undefined {
  let best: ListedModel | undefined
  let highest = 0
  for (const listed of provider.models) {
    if (!isForChat(listed.name)) continue
    const { preference } = knownModel(listed.name)
    if (preference <= highest) continue
    best = listed
    highest = preference
  }
  best ??= provider.models.find((listed) => isForChat(listed.name))
  return best && toModel(ctx, provider, best)
}

function modelsOf(ctx: Ctx, provider: KnownProvider): Model[] {
  return provider.models
    .filter((listed) => isForChat(listed.name))
    .map((listed) => toModel(ctx, provider, listed))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

const vendorHosts = new Set(['api.openai.com', 'api.anthropic.com'])

function toModel(ctx: Ctx, { id, slug, connection }: KnownProvider, listed: ListedModel): Model {
  const known = knownModel(listed.name)
  const contextTokens = listed.contextTokens ?? known.contextTokens
  return {
    id: `${slug}/${listed.name}`,
    name: listed.displayName ?? listed.name,
    providerId: id,
    providerName: connection.name,
    protocol: connection.protocol,
    contextTokens,
    maxOutputTokens: Math.min(listed.maxOutputTokens ?? known.maxOutputTokens, contextTokens),
    capabilities: { tools: known.tools, images: known.images, reasoning: known.reasoning },
    // Another host may sell the same name at another price, or give it away: only its operator knows.
    price:
      ctx.config.models.prices.get(`${slug}/${listed.name}`) ??
      (vendorHosts.has(new URL(connection.baseUrl).hostname) ? known.price : null),
    isDefault: false,
  }
}
