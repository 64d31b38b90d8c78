import type { ApiKey, apiKeyEndpoints, BodyOf, Page, QueryOf } from '@parley/contract'
import { idSchema } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { decodeCursor, encodeCursor } from '../../../platform/http/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { administrative, commonScopes } from '../access.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { requireRecentProof } from '../proof.ts'
import { readAddresses, readExpiry, requireNoWider } from './grant.ts'
import { openKey, openOwner } from './open-key.ts'
import { presentKey, presentKeys } from './present.ts'
import { listKeys, markRevoked, updateKey } from './store.ts'

/**
 * A page of the actor's keys in this workspace, or of a service account's; newest first.
 * @throws AppError not_found, forbidden
 */
export async function listApiKeys(ctx: Ctx, query: QueryOf<typeof apiKeyEndpoints.listApiKeys>): Promise<Page<ApiKey>> {
  const { limit, cursor } = query
  const beforeId = cursor === undefined ? undefined : decodeCursor(idSchema, cursor)
  const owner = await openOwner(ctx, query.serviceAccountId)
  const rows = await listKeys(ctx.db, owner, { limit: limit + 1, beforeId }, ctx.clock.now())
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    data: await presentKeys(ctx, page, owner.serviceAccountId),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last.id) : null,
  }
}

/**
 * Changes a key; what is changed holds from the next request on.
 * @throws AppError not_found, invalid_request, forbidden when it is, or would become, wider than what the actor has,
 * proof_required to let it do administration
 */
export async function updateApiKey(
  ctx: Ctx,
  id: string,
  body: BodyOf<typeof apiKeyEndpoints.updateApiKey>,
): Promise<ApiKey> {
  const changed = await inTransaction(ctx, async (tx) => {
    const { key, owner } = await openKey(tx, id)
    await requireNoWider(tx, key, owner.scopes)
    const added = body.scopes?.filter((scope) => !key.scopes.includes(scope)) ?? []
    if (added.some((scope) => administrative.has(scope))) await requireRecentProof(tx)
    const change = {
      ...(body.name === undefined ? {} : { name: body.name }),
      ...(body.scopes && { scopes: commonScopes(body.scopes, owner.scopes) }),
      ...(body.resources && { resources: body.resources }),
      ...(body.allowedAddresses && { allowedAddresses: readAddresses(body.allowedAddresses) }),
      ...(body.expiresAt === undefined
        ? {}
        : { expiresAt: body.expiresAt === null ? null : readExpiry(tx, body.expiresAt) }),
    }
    if (change.scopes?.length === 0) {
      throw new AppError('forbidden', 'Its owner may do none of what this key is asked to allow.')
    }
    await requireNoWider(tx, { ...key, ...change }, owner.scopes)
    if (Object.keys(change).length === 0) return presentKey(tx, key, owner.serviceAccountId)
    const row = await updateKey(tx.db, id, change)
    await audit(tx, {
      action: 'api-key.changed',
      subject: { kind: 'api-key', id, name: row.name },
      before: key,
      after: row,
    })
    await emit(tx, {
      type: 'api-key-changed',
      workspaceId: owner.workspaceId,
      subjectId: id,
      data: { changed: Object.keys(change) },
    })
    return presentKey(tx, row, owner.serviceAccountId)
  })
  announceRevoked(ctx, { credentialId: id })
  return changed
}

/**
 * Revokes a key with all its secrets; it is refused from now on.
 * @throws AppError not_found
 */
export async function revokeApiKey(ctx: Ctx, id: string): Promise<void> {
  await inTransaction(ctx, async (tx) => {
    const { key, owner } = await openKey(tx, id)
    await markRevoked(tx.db, id, tx.clock.now())
    await audit(tx, { action: 'api-key.revoked', subject: { kind: 'api-key', id, name: key.name }, before: key })
    await emit(tx, { type: 'api-key-revoked', workspaceId: owner.workspaceId, subjectId: id, data: {} })
  })
  announceRevoked(ctx, { credentialId: id })
}
