import type { BodyOf, peopleEndpoints, User, Workspace } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { lockOwnerIds } from '../roles/store.ts'
import { insertMembership, insertWorkspace } from '../store.ts'
import { getMe } from '../update-me.ts'
import { announceChange, announcePeople, requireOtherOwner, takeOut } from './people.ts'
import * as store from './store.ts'

const ownedAtMost = 50

/** The workspaces that this credential reaches: all of a person's, or the one of an API key. */
export async function listWorkspaces({ db, actor }: Ctx): Promise<{ data: Workspace[] }> {
  const rows = await store.listWorkspacesOf(db, actor.userId)
  const reached = actor.kind === 'session' ? rows : rows.filter(({ id }) => id === actor.workspaceId)
  return { data: reached.map(presentWorkspace) }
}

/**
 * Makes a workspace that the actor owns. For those who own one: elsewhere people are invited.
 * @throws AppError forbidden, conflict
 */
export async function createWorkspace(
  ctx: Ctx,
  { name }: BodyOf<typeof peopleEndpoints.createWorkspace>,
): Promise<Workspace> {
  const { userId } = ctx.actor
  return inTransaction(ctx, async (tx) => {
    const owned = (await store.listWorkspacesOf(tx.db, userId)).filter(({ role }) => role === 'owner')
    if (owned.length === 0) throw new AppError('forbidden', 'Only owners of a workspace can make another one.')
    if (owned.length >= ownedAtMost) throw new AppError('conflict', `One person can own ${ownedAtMost} workspaces.`)
    const now = tx.clock.now()
    const workspaceId = await insertWorkspace(tx.db, name, now)
    await insertMembership(tx.db, { workspaceId, userId, role: 'owner' }, now)
    const subject = { kind: 'workspace', id: workspaceId, name }
    await audit(tx, { action: 'workspace.created', subject, after: { name }, workspaces: [workspaceId] })
    await emit(tx, { type: 'workspace-created', workspaceId, subjectId: workspaceId, data: { byUserId: userId } })
    return { id: workspaceId, name, role: 'owner' as const, customRole: null }
  })
}

/**
 * Has the session be in another of the person's workspaces from now on; the next sign-in begins there, too.
 * @throws AppError not_found
 */
export async function switchWorkspace(
  ctx: Ctx,
  { workspaceId }: BodyOf<typeof peopleEndpoints.switchWorkspace>,
): Promise<User> {
  const { userId, credentialId } = ctx.actor
  const known = await store.listWorkspacesOf(ctx.db, userId)
  if (!known.some(({ id }) => id === workspaceId)) throw notFound('workspace')
  await inTransaction(ctx, async (tx) => {
    await store.moveSession(tx.db, { id: credentialId, userId }, workspaceId, tx.clock.now())
    await audit(tx, {
      action: 'session.switched',
      subject: { kind: 'person', id: userId },
      after: { sessionId: credentialId, workspaceId },
      workspaces: [ctx.actor.workspaceId, workspaceId],
    })
  })
  announceRevoked(ctx, { credentialId })
  return getMe({ ...ctx, actor: { ...ctx.actor, workspaceId } })
}

/** Renames the workspace. */
export async function renameWorkspace(
  ctx: Ctx,
  { name }: BodyOf<typeof peopleEndpoints.renameWorkspace>,
): Promise<Workspace> {
  await inTransaction(ctx, async (tx) => {
    const { workspace: before } = await getMe(tx)
    await store.renameWorkspace(tx.db, before.id, name)
    await audit(tx, {
      action: 'workspace.changed',
      subject: { kind: 'workspace', id: before.id, name },
      before,
      after: { name },
    })
  })
  announcePeople(ctx, ctx.actor.workspaceId)
  return (await getMe(ctx)).workspace
}

/**
 * Leaves the workspace: the person's sessions and keys there end. This session goes on in the one they used before, which
 * is answered; without another one it ends, and the answer is null.
 * @throws AppError conflict for the last owner
 */
export async function leaveWorkspace(ctx: Ctx): Promise<{ workspace: Workspace | null }> {
  const { userId, workspaceId, credentialId } = ctx.actor
  const next = await inTransaction(ctx, async (tx) => {
    requireOtherOwner(await lockOwnerIds(tx.db, workspaceId), userId)
    const others = (await store.listWorkspacesOf(tx.db, userId)).filter(({ id }) => id !== workspaceId)
    const [lastUsed] = others.toSorted((a, b) => Number(b.lastUsedAt) - Number(a.lastUsedAt))
    if (lastUsed) await store.moveSession(tx.db, { id: credentialId, userId }, lastUsed.id, tx.clock.now())
    await takeOut(tx, userId, lastUsed && credentialId)
    await audit(tx, { action: 'member.left', subject: { kind: 'person', id: userId }, before: { role: tx.actor.role } })
    return lastUsed && presentWorkspace(lastUsed)
  })
  announceChange(ctx, userId)
  return { workspace: next ?? null }
}

function presentWorkspace(row: {
  id: string
  name: string
  role: Workspace['role']
  roleId: string | null
  roleName: string | null
}): Workspace {
  const { id, name, role, roleId, roleName } = row
  return { id, name, role, customRole: roleId === null || roleName === null ? null : { id: roleId, name: roleName } }
}
