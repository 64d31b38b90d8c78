import type { BodyOf, Page, PageQuery, ServiceAccount, serviceAccountEndpoints } from '@parley/contract'
import { idSchema, scopes } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { newId } from '../../../platform/crypto/index.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { decodeCursor, encodeCursor, type Idempotency, once } from '../../../platform/http/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { commonScopes, requireGrantable, scopesOfMember } from '../access.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { openGrantable } from '../roles/roles.ts'
import { type MembershipRole, setMembershipRole } from '../roles/store.ts'
import * as store from './store.ts'

/** A page of the workspace's service accounts, newest first. */
export async function listServiceAccounts(ctx: Ctx, { limit, cursor }: PageQuery): Promise<Page<ServiceAccount>> {
  const beforeId = cursor === undefined ? undefined : decodeCursor(idSchema, cursor)
  const page = { limit: limit + 1, beforeId }
  const rows = await store.listServiceAccounts(ctx.db, ctx.actor.workspaceId, page, ctx.clock.now())
  const data = rows.slice(0, limit).map(present)
  const last = data.at(-1)
  return { data, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last.id) : null }
}

/** @throws AppError forbidden for a role that may do more than the actor */
export function createServiceAccount(
  ctx: Ctx,
  body: BodyOf<typeof serviceAccountEndpoints.createServiceAccount>,
  idempotency: Idempotency | undefined,
): Promise<ServiceAccount> {
  return once(ctx, idempotency, async (tx) => {
    const { workspaceId, userId: createdBy } = tx.actor
    const { name, description } = body
    const held = await openRole(tx, body.role)
    const id = newId()
    await store.insertServiceAccount(tx.db, { id, workspaceId, createdBy, name, description }, held, tx.clock.now())
    await emit(tx, {
      type: 'service-account-created',
      workspaceId,
      subjectId: id,
      data: { role: body.role, createdBy },
    })
    const made = await getServiceAccount(tx, id)
    await audit(tx, { action: 'service-account.created', subject: accountSubject(made), after: made })
    return made
  })
}

/** @throws AppError not_found; forbidden when it has, or would get, a role that may do more than the actor */
export async function updateServiceAccount(
  ctx: Ctx,
  id: string,
  change: BodyOf<typeof serviceAccountEndpoints.updateServiceAccount>,
): Promise<ServiceAccount> {
  const { workspaceId } = ctx.actor
  const changed = await inTransaction(ctx, async (tx) => {
    const before = await getServiceAccount(tx, id)
    requireGrantable(tx, before)
    await store.updateServiceAccount(tx.db, id, change, tx.clock.now())
    if (change.role !== undefined) await setMembershipRole(tx.db, workspaceId, id, await openRole(tx, change.role))
    await emit(tx, {
      type: 'service-account-changed',
      workspaceId,
      subjectId: id,
      data: { changed: Object.keys(change) },
    })
    const after = await getServiceAccount(tx, id)
    await audit(tx, { action: 'service-account.changed', subject: accountSubject(after), before, after })
    return after
  })
  announceRevoked(ctx, { userId: id })
  return changed
}

/** Deletes the account; its keys stop working at once, and what it owns goes with it. */
export async function deleteServiceAccount(ctx: Ctx, id: string): Promise<void> {
  const { workspaceId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    const account = await getServiceAccount(tx, id)
    requireGrantable(tx, account)
    await store.deleteServiceAccount(tx.db, id)
    await audit(tx, { action: 'service-account.deleted', subject: accountSubject(account), before: account })
    const { name } = account
    await emit(tx, { type: 'service-account-deleted', workspaceId, subjectId: id, data: { name } })
  })
  announceRevoked(ctx, { userId: id })
}

function accountSubject({ id, name }: ServiceAccount) {
  return { kind: 'service-account', id, name }
}

async function getServiceAccount(ctx: Ctx, id: string): Promise<ServiceAccount> {
  const row = await store.findServiceAccount(ctx.db, ctx.actor.workspaceId, id, ctx.clock.now())
  if (row === undefined) throw notFound('service account')
  return present(row)
}

/** Nobody makes themselves a helper that may do more than they may, and programs own nothing. */
function openRole(tx: Ctx, id: string): Promise<MembershipRole> {
  if (id === 'owner') throw new AppError('forbidden', 'A service account can be an admin at most, not an owner.')
  return openGrantable(tx, id)
}

function present(row: store.ServiceAccountRow): ServiceAccount {
  const { id, name, description, role, roleId, roleName, makerId, makerName } = row
  return {
    id,
    name,
    description,
    role,
    customRole: roleId === null || roleName === null ? null : { id: roleId, name: roleName },
    scopes: commonScopes(scopes, scopesOfMember(row)),
    createdAt: row.createdAt.toISOString(),
    createdBy: makerId === null || makerName === null ? null : { id: makerId, name: makerName },
    keyCount: Number(row.keyCount),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  }
}
