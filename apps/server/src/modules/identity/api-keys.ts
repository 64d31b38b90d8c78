import type { ApiKey, BodyOf, identityEndpoints, Page, PageQuery } from '@parley/contract'
import { idSchema } from '@parley/contract'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { makeApiKey } from '../../platform/crypto/index.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { decodeCursor, encodeCursor, type Idempotency, once } from '../../platform/http/index.ts'
import { emit } from '../../platform/outbox/index.ts'
import { administrative, commonScopes } from './access.ts'
import { presentApiKey } from './present.ts'
import { announceRevoked } from './sign-in.ts'
import { getApiKeyExpiry, insertApiKey, listApiKeys as listRows, markApiKeyRevoked } from './store.ts'

// `mcp_` and 8 digits: tells keys apart, and leaves 208 bits unknown.
const shownCharacters = 12

type NewApiKey = BodyOf<typeof identityEndpoints.createApiKey>

/** A page of the actor's keys in this workspace, newest first. */
export async function listApiKeys(ctx: Ctx, { limit, cursor }: PageQuery): Promise<Page<ApiKey>> {
  const beforeId = cursor === undefined ? undefined : decodeCursor(idSchema, cursor)
  const rows = await listRows(ctx.db, ctx.actor, { limit: limit + 1, beforeId })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    data: page.map(presentApiKey),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last.id) : null,
  }
}

/**
 * Makes a key that may do what is asked for as far as the maker may do it, by default all but administration. A key made
 * with a key lives no longer than that one. A repeated request gets the same key.
 * @throws AppError forbidden when nothing of what is asked for may be given, invalid_request for a time that has passed
 */
export async function createApiKey(
  ctx: Ctx,
  body: NewApiKey,
  idempotency: Idempotency | undefined,
): Promise<ApiKey & { key: string }> {
  // Results are stored for repeats, and a key is stored nowhere in the clear.
  const made = await once(ctx, idempotency, async (tx) => {
    const { apiKey, key } = await makeAndStore(tx, body)
    return { apiKey, sealedKey: tx.keyring.seal(key, sealContext(apiKey.id)) }
  })
  return { ...made.apiKey, key: ctx.keyring.open(made.sealedKey, sealContext(made.apiKey.id)) }
}

async function makeAndStore(tx: Ctx, body: NewApiKey): Promise<{ apiKey: ApiKey; key: string }> {
  const { actor } = tx
  const now = tx.clock.now()
  const asked = body.scopes ?? [...actor.scopes].filter((scope) => !administrative.has(scope))
  const scopes = commonScopes(asked, actor.scopes)
  if (scopes.length === 0) {
    throw new AppError('forbidden', 'You may do none of what this key is asked to allow.')
  }
  const wanted = body.expiresAt === undefined ? null : new Date(body.expiresAt)
  if (wanted !== null && wanted <= now) {
    throw new AppError('invalid_request', 'The key would have expired already. Choose a time to come.', {
      fields: [{ pointer: '/expiresAt', message: 'Is in the past.' }],
    })
  }
  const limit = actor.kind === 'api-key' ? await getApiKeyExpiry(tx.db, actor.credentialId) : null
  const { key, hash } = makeApiKey()
  const stored = await insertApiKey(
    tx.db,
    {
      workspaceId: actor.workspaceId,
      userId: actor.userId,
      name: body.name,
      hash,
      prefix: key.slice(0, shownCharacters),
      scopes,
      expiresAt: sooner(wanted, limit),
    },
    now,
  )
  await emit(tx, { type: 'api-key-created', workspaceId: actor.workspaceId, subjectId: stored.id, data: { scopes } })
  return { apiKey: presentApiKey(stored), key }
}

/**
 * Revokes one of the actor's keys; it is refused from now on.
 * @throws AppError not_found
 */
export async function revokeApiKey(ctx: Ctx, id: string): Promise<void> {
  const { workspaceId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    if (!(await markApiKeyRevoked(tx.db, ctx.actor, id, tx.clock.now()))) throw notFound('API key')
    await emit(tx, { type: 'api-key-revoked', workspaceId, subjectId: id, data: {} })
  })
  announceRevoked(ctx, { credentialId: id })
}

function sealContext(id: string): string {
  return `api-key:${id}`
}

function sooner(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b
  return a < b ? a : b
}
