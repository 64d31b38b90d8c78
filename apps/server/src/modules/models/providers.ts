import type { BodyOf, endpoints, Provider } from '@parley/contract'
import { audit } from '../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { type Idempotency, onceAround } from '../../platform/http/index.ts'
import { findModel } from './catalogue.ts'
import { checkProvider } from './check-provider.ts'
import {
  environmentProviders,
  fromRow,
  getKnownProvider,
  type KnownProvider,
  keyContext,
  keyHint,
  listKnownProviders,
  tidyBaseUrl,
} from './connections.ts'
import { guideModel } from './guide/model.ts'
import { announceModels, refreshEnvironmentProvider } from './refresh-catalogue.ts'
import * as store from './store.ts'
import type { Connection } from './types.ts'

type CreateBody = BodyOf<typeof endpoints.createProvider>
type UpdateBody = BodyOf<typeof endpoints.updateProvider>

/** Connects a provider: tried first, and kept only if it works or the person insists. */
export async function createProvider(
  ctx: Ctx,
  body: CreateBody,
  idempotency: Idempotency | undefined,
): Promise<Provider> {
  return onceAround(ctx, idempotency, async () => {
    const { name, protocol, force } = body
    const id = newId()
    const apiKey = body.apiKey || undefined
    const baseUrl = tidyBaseUrl(protocol, body.baseUrl)
    const checked = await tryOut(ctx, { name, protocol, baseUrl, apiKey, trusted: false }, force)
    const now = ctx.clock.now()
    const values = {
      id,
      workspaceId: ctx.actor.workspaceId,
      name,
      protocol,
      baseUrl,
      ...sealed(ctx, id, apiKey),
      verdict: JSON.stringify(checked.verdict),
      models: JSON.stringify(checked.models ?? []),
      createdAt: now,
      updatedAt: now,
    }
    const row = await inTransaction(ctx, async (tx) => {
      let made: store.ProviderRow | undefined
      // Someone else may take the slug in between.
      while (!made) made = await store.insertProvider(tx, { ...values, slug: await freeSlug(tx, name) })
      const after = { ...made, hasKey: apiKey !== undefined }
      await audit(tx, { action: 'provider.created', subject: { kind: 'provider', id, name }, after })
      return made
    })
    announceModels(ctx, ctx.actor.workspaceId)
    return presentProvider(fromRow(ctx, row))
  })
}

/** Changes name, address or key. A key stays with the address it was entered for. */
export async function updateProvider(ctx: Ctx, id: string, body: UpdateBody): Promise<Provider> {
  const current = await requireOwn(ctx, id)
  const { protocol } = current.connection
  const baseUrl = body.baseUrl === undefined ? current.connection.baseUrl : tidyBaseUrl(protocol, body.baseUrl)
  const moved = new URL(baseUrl).origin !== new URL(current.connection.baseUrl).origin
  if (moved && body.apiKey === undefined && current.keyHint !== null) {
    // Otherwise whoever may change the address could have the key sent to a server of theirs.
    throw new AppError('invalid_request', 'The address is on another server now. Enter its key again.', {
      fields: [{ pointer: '/apiKey', message: 'Enter the key for the new address.' }],
    })
  }
  const name = body.name ?? current.connection.name
  const reconnects = body.baseUrl !== undefined || body.apiKey !== undefined
  const newKey = body.apiKey || undefined
  const checked = reconnects
    ? await tryOut(
        ctx,
        {
          name,
          protocol,
          baseUrl,
          apiKey: body.apiKey === undefined ? current.connection.apiKey : newKey,
          trusted: false,
        },
        body.force,
      )
    : undefined
  const row = await inTransaction(ctx, async (tx) => {
    const changed = await store.updateProvider(tx, id, {
      name,
      baseUrl,
      ...(body.apiKey === undefined ? {} : sealed(tx, id, newKey)),
      ...(checked ? { verdict: JSON.stringify(checked.verdict) } : {}),
      ...(checked?.models ? { models: JSON.stringify(checked.models) } : {}),
      updatedAt: tx.clock.now(),
    })
    if (!changed) throw notFound('model provider')
    const { connection, keyHint } = current
    const before = { name: connection.name, baseUrl: connection.baseUrl, hasKey: keyHint !== null }
    const after = { ...changed, hasKey: changed.keyHint !== null, credentialReplaced: body.apiKey !== undefined }
    await audit(tx, { action: 'provider.changed', subject: { kind: 'provider', id, name }, before, after })
    return changed
  })
  announceModels(ctx, ctx.actor.workspaceId)
  return presentProvider(fromRow(ctx, row))
}

/** Tries a provider now and keeps its verdict and, where it answered, its list. */
export async function testProvider(ctx: Ctx, id: string): Promise<Provider> {
  if (id === guideModel.providerId) return guideProvider
  const provider = await getKnownProvider(ctx, id)
  if (provider.source === 'environment') {
    await refreshEnvironmentProvider(ctx, provider)
    announceModels(ctx, ctx.actor.workspaceId)
    return presentProvider(provider)
  }
  const { verdict, models } = await checkProvider(ctx, ctx.actor.workspaceId, provider.connection)
  const row = await store.updateProvider(ctx, id, {
    verdict: JSON.stringify(verdict),
    ...(models ? { models: JSON.stringify(models) } : {}),
  })
  if (!row) throw notFound('model provider')
  announceModels(ctx, ctx.actor.workspaceId)
  return presentProvider(fromRow(ctx, row))
}

export async function deleteProvider(ctx: Ctx, id: string): Promise<void> {
  const { slug, connection } = await requireOwn(ctx, id)
  await inTransaction(ctx, async (tx) => {
    if (!(await store.deleteProvider(tx, id))) throw notFound('model provider')
    const subject = { kind: 'provider', id, name: connection.name }
    const before = { name: connection.name, protocol: connection.protocol, baseUrl: connection.baseUrl, slug }
    await audit(tx, { action: 'provider.deleted', subject, before })
  })
  announceModels(ctx, ctx.actor.workspaceId)
}

/** The operator's first, then the workspace's own, the guide last. */
export async function listProviders(ctx: Ctx): Promise<Provider[]> {
  return [...(await listKnownProviders(ctx)).map(presentProvider), guideProvider]
}

/** @throws AppError model_unavailable when it is not connected */
export async function setDefaultModel(ctx: Ctx, model: string | null): Promise<void> {
  if (model !== null && !findModel(ctx, await listKnownProviders(ctx), model)) {
    throw new AppError('model_unavailable', 'That model is not connected. Choose another one.')
  }
  await inTransaction(ctx, async (tx) => {
    await store.saveDefaultModel(tx, model)
    await audit(tx, { action: 'default-model.changed', subject: { kind: 'workspace' }, after: { model } })
  })
  announceModels(ctx, ctx.actor.workspaceId)
}

async function requireOwn(ctx: Ctx, id: string): Promise<KnownProvider> {
  const provider = await getKnownProvider(ctx, id)
  if (provider.source === 'workspace') return provider
  throw new AppError('forbidden', 'This provider is set by the operator, in the environment of the server.')
}

async function tryOut(ctx: Ctx, connection: Connection, force = false) {
  const checked = await checkProvider(ctx, ctx.actor.workspaceId, connection)
  const { ok, code, detail } = checked.verdict
  if (ok) return checked
  // What may not be reached now will not be reached later either.
  if (code === 'egress_refused') {
    throw new AppError('egress_refused', detail, { fields: [{ pointer: '/baseUrl', message: detail }] })
  }
  if (force) return checked
  const pointer = code === 'auth' ? '/apiKey' : '/baseUrl'
  throw new AppError('unprocessable', detail, { fields: [{ pointer, message: detail }] })
}

function sealed(ctx: Ctx, id: string, apiKey: string | undefined) {
  if (apiKey === undefined) return { sealedKey: null, keyHint: null }
  return { sealedKey: ctx.keyring.seal(apiKey, keyContext(id)), keyHint: keyHint(apiKey) }
}

/** The name as part of model ids, unlike those already taken: `my-server`, `my-server-2`. */
async function freeSlug(ctx: Ctx, name: string): Promise<string> {
  const rows = await store.listProviderRows(ctx)
  const taken = new Set([...environmentProviders(ctx), ...rows].map(({ slug }) => slug).concat('parley'))
  const base =
    name
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 40) || 'provider'
  let slug = base
  for (let number = 2; taken.has(slug); number++) slug = `${base}-${number}`
  return slug
}

function presentProvider({ id, slug, source, connection, keyHint, verdict, createdAt }: KnownProvider): Provider {
  const { name, protocol, baseUrl } = connection
  return {
    id,
    slug,
    name,
    protocol,
    baseUrl: withoutCredentials(baseUrl),
    source,
    hasKey: keyHint !== null,
    keyHint: keyHint || null,
    verdict,
    createdAt: createdAt?.toISOString() ?? null,
  }
}

/** The operator's address may hold a password. */
function withoutCredentials(baseUrl: string): string {
  const url = new URL(baseUrl)
  if (url.username === '' && url.password === '') return baseUrl
  url.username = ''
  url.password = ''
  return url.href
}

const guideProvider: Provider = {
  id: guideModel.providerId,
  slug: 'parley',
  name: guideModel.providerName,
  protocol: 'guide',
  baseUrl: '',
  source: 'built-in',
  hasKey: false,
  keyHint: null,
  verdict: { ok: true, code: 'ok', detail: 'Always there. Not a language model.', modelCount: 1, checkedAt: null },
  createdAt: null,
}
