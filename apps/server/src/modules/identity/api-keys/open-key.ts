import type { Scope } from '@parley/contract'
import type { Ctx } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { scopesOfMember } from '../access.ts'
import { findServiceAccountRole } from '../service-accounts/store.ts'
import { findRole } from '../store.ts'
import { type ApiKeyRow, lockKey } from './store.ts'

/** Whose keys are meant: one's own, or those of a service account. */
export interface KeyOwner {
  workspaceId: string
  userId: string
  /** All that the owner may do, whatever the key that is used now allows. */
  scopes: ReadonlySet<Scope>
  serviceAccountId: string | null
}

/**
 * The owner of keys to list or make.
 * @throws AppError not_found; forbidden for a service account without the right to manage people
 */
export async function openOwner(ctx: Ctx, serviceAccountId: string | undefined): Promise<KeyOwner> {
  const { workspaceId, userId, scopes } = ctx.actor
  if (serviceAccountId === undefined) return openSelf(ctx)
  if (!scopes.has('people:manage') && serviceAccountId !== userId) {
    throw new AppError('forbidden', 'Keys of service accounts are managed by owners and admins.')
  }
  const held = await findServiceAccountRole(ctx.db, workspaceId, serviceAccountId)
  if (held === undefined) throw notFound('service account')
  return { workspaceId, userId: serviceAccountId, scopes: scopesOfMember(held), serviceAccountId }
}

/**
 * A key that works, of one's own or, for who manages people, of a service account; locked until the transaction ends.
 * @throws AppError not_found
 */
export async function openKey(tx: Ctx, id: string): Promise<{ key: ApiKeyRow & { hash: string }; owner: KeyOwner }> {
  const { workspaceId, userId, scopes } = tx.actor
  const key = await lockKey(tx.db, workspaceId, id)
  if (key === undefined) throw notFound('API key')
  if (key.userId === userId) return { key, owner: await openSelf(tx) }
  const held = scopes.has('people:manage') ? await findServiceAccountRole(tx.db, workspaceId, key.userId) : undefined
  if (held === undefined) throw notFound('API key')
  return { key, owner: { workspaceId, userId: key.userId, scopes: scopesOfMember(held), serviceAccountId: key.userId } }
}

/** The actor: a person, or a service account that manages its own keys. */
async function openSelf({ db, actor }: Ctx): Promise<KeyOwner> {
  const { workspaceId, userId } = actor
  const [held, account] = await Promise.all([
    findRole(db, workspaceId, userId),
    actor.kind === 'session' ? undefined : findServiceAccountRole(db, workspaceId, userId),
  ])
  if (held === undefined) throw notFound('member')
  const serviceAccountId = account === undefined ? null : userId
  return { workspaceId, userId, scopes: scopesOfMember(held), serviceAccountId }
}
