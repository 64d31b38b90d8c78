import type { BodyOf, SignInProvider, SignInVerdict, signInProviderEndpoints } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { isShared, microsoftIssuer } from '../../../platform/config/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { isId, newId } from '../../../platform/crypto/index.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { type Idempotency, onceAround } from '../../../platform/http/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { requireGrantable, scopesOf } from '../access.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { checkProvider } from './check-provider.ts'
import { requireGivable, requireKnown } from './check-rules.ts'
import { releaseManaged } from './managed-groups.ts'
import { forgetIssuer } from './open-issuer.ts'
import { getPolicy } from './policy.ts'
import {
  environmentProviders,
  fromRow,
  type KnownProvider,
  listOffered,
  presentProvider,
  secretContext,
  untested,
} from './providers.ts'
import * as store from './store.ts'

type CreateBody = BodyOf<typeof signInProviderEndpoints.createSignInProvider>
type UpdateBody = BodyOf<typeof signInProviderEndpoints.updateSignInProvider>

/** The operator's first, then the workspace's own. */
export async function listProviders(ctx: Ctx): Promise<SignInProvider[]> {
  return (await listOffered(ctx, ctx.actor.workspaceId)).map((provider) => presentProvider(ctx, provider))
}

/**
 * Adds a provider to the actor's workspace: tried first, and kept only if it works or the person insists.
 * @throws AppError unprocessable, egress_refused, forbidden for rules that make owners unless the actor is one, conflict
 */
export async function createProvider(
  ctx: Ctx,
  body: CreateBody,
  idempotency: Idempotency | undefined,
): Promise<SignInProvider> {
  return onceAround(ctx, idempotency, async () => {
    const { workspaceId } = ctx.actor
    const id = isId(body.id) ? body.id : newId()
    const provider: KnownProvider = {
      id,
      kind: body.kind,
      source: 'workspace',
      workspaceId,
      name: body.name,
      ...addressOf(body.kind, body),
      clientId: body.clientId,
      hasSecret: Boolean(body.clientSecret),
      clientSecret: () => body.clientSecret || undefined,
      scopes: body.scopes ?? [],
      trustsEmail: body.trustsEmail ?? false,
      trustsSecondFactor: body.trustsSecondFactor ?? false,
      defaultRole: body.defaultRole === undefined ? 'member' : body.defaultRole,
      rules: body.rules ?? [],
      verdict: untested,
      createdAt: null,
      version: 'new',
    }
    await requireSensible(ctx, provider)
    await requireKnown(ctx, provider.rules)
    requireSecret(provider)
    const verdict = await tryOut(ctx, provider, body.force)
    const now = ctx.clock.now()
    return inTransaction(ctx, async (tx) => {
      const row = await store.insertProvider(tx.db, {
        id,
        workspaceId,
        kind: provider.kind,
        createdAt: now,
        ...columnsOf(provider, verdict, now),
        sealedSecret: body.clientSecret ? tx.keyring.seal(body.clientSecret, secretContext(id)) : null,
      })
      if (row === undefined) throw new AppError('conflict', 'A provider with this id is there already. Start anew.')
      await audit(tx, { action: 'sign-in-provider.created', subject: subjectOf(provider), after: provider })
      await emit(tx, { type: 'sign-in-provider-added', workspaceId, subjectId: id, data: { kind: row.kind } })
      return presentProvider(tx, fromRow(tx, row))
    })
  })
}

/** Changes a provider. A client secret stays with the address it was entered for. */
export async function updateProvider(ctx: Ctx, id: string, body: UpdateBody): Promise<SignInProvider> {
  const current = await getOwn(ctx, id)
  const address = body.issuer !== undefined || body.tenant !== undefined ? addressOf(current.kind, body) : current
  const moved = new URL(address.issuer).origin !== new URL(current.issuer).origin
  if (moved && body.clientSecret === undefined && current.hasSecret) {
    // Otherwise whoever may change the address could have the secret sent to a server of theirs.
    throw new AppError('invalid_request', 'The provider is on another server now. Enter its client secret again.', {
      fields: [{ pointer: '/clientSecret', message: 'Enter the secret for the new address.' }],
    })
  }
  const next: KnownProvider = {
    ...current,
    name: body.name ?? current.name,
    issuer: address.issuer,
    tenant: address.tenant,
    clientId: body.clientId ?? current.clientId,
    hasSecret: body.clientSecret === undefined ? current.hasSecret : body.clientSecret !== '',
    clientSecret: body.clientSecret === undefined ? current.clientSecret : () => body.clientSecret || undefined,
    scopes: body.scopes ?? current.scopes,
    trustsEmail: body.trustsEmail ?? current.trustsEmail,
    trustsSecondFactor: body.trustsSecondFactor ?? current.trustsSecondFactor,
    defaultRole: body.defaultRole === undefined ? current.defaultRole : body.defaultRole,
    rules: body.rules ?? current.rules,
    version: 'changed',
  }
  await requireSensible(ctx, current)
  await requireSensible(ctx, next)
  await requireKnown(ctx, body.rules ?? [])
  requireSecret(next)
  const reconnects = [body.issuer, body.tenant, body.clientId, body.clientSecret].some((field) => field !== undefined)
  const verdict = reconnects ? await tryOut(ctx, next, body.force) : current.verdict
  const secret = body.clientSecret
  const { workspaceId } = ctx.actor
  const row = await inTransaction(ctx, async (tx) => {
    const changed = await store.updateProvider(tx.db, workspaceId, id, {
      ...columnsOf(next, verdict, tx.clock.now()),
      ...(secret === undefined
        ? {}
        : { sealedSecret: secret === '' ? null : tx.keyring.seal(secret, secretContext(id)) }),
    })
    if (changed === undefined) throw notFound('sign-in provider')
    const after = { ...next, credentialReplaced: secret !== undefined }
    await audit(tx, { action: 'sign-in-provider.changed', subject: subjectOf(next), before: current, after })
    await emit(tx, { type: 'sign-in-provider-changed', workspaceId, subjectId: id, data: { kind: changed.kind } })
    return changed
  })
  forgetIssuer(ctx, id)
  return presentProvider(ctx, fromRow(ctx, row))
}

/** Tries a provider now and keeps the verdict. */
export async function testProvider(ctx: Ctx, id: string): Promise<SignInProvider> {
  const operators = environmentProviders(ctx).find((provider) => provider.id === id)
  if (operators !== undefined) {
    operators.verdict = await checkProvider(ctx, operators)
    return presentProvider(ctx, operators)
  }
  const provider = await getOwn(ctx, id)
  const verdict = await checkProvider(ctx, provider)
  const row = await store.updateProvider(ctx.db, ctx.actor.workspaceId, id, { verdict: JSON.stringify(verdict) })
  if (row === undefined) throw notFound('sign-in provider')
  return presentProvider(ctx, fromRow(ctx, row))
}

/**
 * Removes a provider, and ends the sessions that it began. Roles and groups that its rules gave stay with their people.
 * @throws AppError conflict for the last provider of a workspace that takes single sign-on only, and for the one that the
 * actor is signed in through: somebody has to get in without it
 */
export async function deleteProvider(ctx: Ctx, id: string): Promise<void> {
  const { workspaceId } = ctx.actor
  const provider = await getOwn(ctx, id)
  await requireSensible(ctx, provider)
  if (await store.wasBegunThrough(ctx.db, ctx.actor.credentialId, id)) {
    throw new AppError(
      'conflict',
      'You are signed in through this provider, and would be signed out. Sign in another way first, then remove it.',
    )
  }
  const { ssoOnly, ssoProviders } = await getPolicy(ctx, workspaceId)
  if (ssoOnly) {
    const offered = await listOffered(ctx, workspaceId)
    const accepted = offered.filter((each) => ssoProviders.length === 0 || ssoProviders.includes(each.id))
    if (accepted.every((each) => each.id === id)) {
      throw new AppError(
        'conflict',
        'It is the only provider that single sign-on accepts here. Turn single sign-on only off first.',
      )
    }
  }
  const ended = await inTransaction(ctx, async (tx) => {
    if (!(await store.deleteProvider(tx.db, workspaceId, id))) throw notFound('sign-in provider')
    await releaseManaged(tx.db, workspaceId, id)
    const sessionIds = await store.deleteSessionsOf(tx.db, workspaceId, id)
    await audit(tx, { action: 'sign-in-provider.deleted', subject: subjectOf(provider), before: provider })
    const data = { kind: provider.kind, endedSessions: sessionIds.length }
    await emit(tx, { type: 'sign-in-provider-removed', workspaceId, subjectId: id, data })
    return sessionIds
  })
  forgetIssuer(ctx, id)
  for (const credentialId of ended) announceRevoked(ctx, { credentialId })
}

function subjectOf({ id, name }: KnownProvider) {
  return { kind: 'sign-in-provider', id, name }
}

async function getOwn(ctx: Ctx, id: string): Promise<KnownProvider> {
  if (environmentProviders(ctx).some((provider) => provider.id === id)) {
    throw new AppError('forbidden', 'This provider is set by the operator, in the environment of the server.')
  }
  const row = isId(id) ? await store.findProviderRow(ctx.db, id) : undefined
  if (row?.workspaceId !== ctx.actor.workspaceId) throw notFound('sign-in provider')
  return fromRow(ctx, row)
}

/** Where a provider of this kind is. @throws AppError invalid_request */
function addressOf(
  kind: KnownProvider['kind'],
  { issuer, tenant }: { issuer?: string | undefined; tenant?: string | undefined },
): { issuer: string; tenant: string | null } {
  switch (kind) {
    case 'google':
      return { issuer: 'https://accounts.google.com', tenant: null }
    case 'microsoft':
      if (tenant === undefined) throw missing('/tenant', 'Enter the tenant’s id, or organizations for all of them.')
      return { issuer: microsoftIssuer(tenant), tenant }
    case 'github':
      return { issuer: (issuer ?? 'https://github.com').replace(/\/+$/, ''), tenant: null }
    case 'oidc':
      if (issuer === undefined) throw missing('/issuer', 'Enter the issuer’s address.')
      return { issuer, tenant: null }
  }
}

function missing(pointer: string, message: string): AppError {
  return new AppError('invalid_request', message, { fields: [{ pointer, message }] })
}

/** Refuses what would hand out more than the actor has, or take anybody's word for an address. */
async function requireSensible(ctx: Ctx, provider: KnownProvider): Promise<void> {
  const { kind, tenant, trustsEmail, defaultRole } = provider
  if (defaultRole !== null) requireGrantable(ctx, { role: defaultRole, scopes: scopesOf(defaultRole) })
  await requireGivable(ctx, provider.rules)
  if (kind === 'microsoft' && trustsEmail && isShared(tenant ?? '')) {
    const message = 'With many tenants, their administrators write any address. Name your own tenant first.'
    throw new AppError('invalid_request', message, { fields: [{ pointer: '/trustsEmail', message }] })
  }
}

function requireSecret({ kind, hasSecret }: KnownProvider): void {
  if (kind !== 'oidc' && !hasSecret) throw missing('/clientSecret', 'This provider needs a client secret.')
}

async function tryOut(ctx: Ctx, provider: KnownProvider, force = false): Promise<SignInVerdict> {
  const verdict = await checkProvider(ctx, provider)
  const { ok, code, detail } = verdict
  if (ok) return verdict
  // What may not be reached now will not be reached later either.
  if (code === 'egress_refused') {
    throw new AppError('egress_refused', detail, { fields: [{ pointer: '/issuer', message: detail }] })
  }
  if (force) return verdict
  const pointer = code === 'client_refused' ? '/clientSecret' : '/issuer'
  throw new AppError('unprocessable', detail, { fields: [{ pointer, message: detail }] })
}

function columnsOf(provider: KnownProvider, verdict: SignInVerdict, updatedAt: Date) {
  const { name, issuer, tenant, clientId, trustsEmail, trustsSecondFactor, defaultRole } = provider
  return {
    name,
    issuer,
    tenant,
    clientId,
    trustsEmail,
    trustsSecondFactor,
    defaultRole,
    scopes: JSON.stringify(provider.scopes),
    rules: JSON.stringify(provider.rules),
    verdict: JSON.stringify(verdict),
    updatedAt,
  }
}
