import { type BodyOf, type endpoints, type Page, type PageQuery, roles, type WorkspaceRole } from '@parley/contract'
import { z } from 'zod'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { isId } from '../../../platform/crypto/index.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { decodeCursor, encodeCursor, type Idempotency, once } from '../../../platform/http/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { isBuiltIn, mayGrantRole, requireGrantable, scopesOf } from '../access.ts'
import { announceAccess } from '../announce-access.ts'
import { applyGroupRoles } from '../groups/apply-group-roles.ts'
import { listRoledByGroups } from '../groups/group-roles-store.ts'
import { countInvitedTo, replaceInvitedRole, revokeInvitations } from '../invitations/store.ts'
import { countRulesGiving, replaceRuleRole } from '../oidc/rules-giving.ts'
import * as store from './store.ts'

const maxRoles = 50

const described = {
  owner: ['Owner', 'Everything, and programs that run on the server itself.'],
  admin: ['Admin', 'Everything in the workspace: models, tools, people and limits.'],
  member: ['Member', 'Chat, use tools, upload files, make API keys.'],
  viewer: ['Viewer', 'Read only: sees what was shared, and writes nothing.'],
} as const

/** A page of the workspace's roles: built-in ones from most to least, then custom ones by name. */
export async function listRoles(ctx: Ctx, { limit, cursor }: PageQuery): Promise<Page<WorkspaceRole>> {
  const start = cursor === undefined ? 0 : decodeCursor(z.int().min(0), cursor)
  const { workspaceId } = ctx.actor
  const [rows, counts] = await Promise.all([
    store.listRoles(ctx.db, workspaceId),
    store.countByRole(ctx.db, workspaceId),
  ])
  const all = [...roles.map((id) => presentBuiltIn(ctx, id, counts)), ...rows.map((row) => present(ctx, row, counts))]
  const data = all.slice(start, start + limit)
  return { data, nextCursor: start + limit < all.length ? encodeCursor(start + limit) : null }
}

/**
 * One role.
 * @throws AppError not_found
 */
export async function getRole(ctx: Ctx, id: string): Promise<WorkspaceRole> {
  const counts = await store.countByRole(ctx.db, ctx.actor.workspaceId)
  return isBuiltIn(id) ? presentBuiltIn(ctx, id, counts) : present(ctx, await openRole(ctx, id), counts)
}

/**
 * Makes a custom role of what the actor may do.
 * @throws AppError forbidden, name_taken, conflict
 */
export async function createRole(
  ctx: Ctx,
  { name, description = '', scopes }: BodyOf<typeof endpoints.createRole>,
  idempotency: Idempotency | undefined,
): Promise<WorkspaceRole> {
  requireGrantable(ctx, { role: 'viewer', scopes })
  return once(ctx, idempotency, async (tx) => {
    const { workspaceId } = tx.actor
    const existing = await store.listRoles(tx.db, workspaceId)
    if (existing.length >= maxRoles) {
      throw new AppError('conflict', `A workspace can have ${maxRoles} roles of its own. Delete one first.`)
    }
    requireFreeName(existing, name)
    const content = { name, description, scopes: [...new Set(scopes)] }
    const row = await store.insertRole(tx.db, workspaceId, content, tx.clock.now())
    await audit(tx, { action: 'role.created', subject: roleSubject(row), after: row })
    await emit(tx, { type: 'role-created', workspaceId, subjectId: row.id, data: { scopes } })
    return present(tx, row, new Map())
  })
}

/**
 * Changes a custom role. What its people and their keys may do changes with the answer; and where it allows more or less,
 * which of the roles that groups give is the highest.
 * @throws AppError not_found, forbidden, name_taken
 */
export async function changeRole(
  ctx: Ctx,
  id: string,
  change: BodyOf<typeof endpoints.updateRole>,
): Promise<WorkspaceRole> {
  const { workspaceId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    const role = await openRole(tx, id, { lock: true })
    requireGrantable(tx, { role: 'viewer', scopes: [...role.scopes, ...(change.scopes ?? [])] })
    if (change.name !== undefined) {
      const others = await store.listRoles(tx.db, workspaceId)
      requireFreeName(
        others.filter((other) => other.id !== id),
        change.name,
      )
    }
    await store.updateRole(tx.db, id, change, tx.clock.now())
    if (change.scopes !== undefined) await applyGroupRoles(tx, workspaceId, await listRoledByGroups(tx.db, workspaceId))
    await audit(tx, { action: 'role.changed', subject: roleSubject(role), before: role, after: { ...role, ...change } })
    await emit(tx, { type: 'role-changed', workspaceId, subjectId: id, data: { changed: Object.keys(change) } })
  })
  announceAccess(ctx)
  return getRole(ctx, id)
}

/**
 * Deletes a custom role; its people, and those who are invited to it, get `replacement`.
 * @throws AppError not_found, forbidden, role_in_use when somebody has it or is invited to it, and there is no replacement
 */
export async function deleteRole(ctx: Ctx, id: string, replacement: string | undefined): Promise<void> {
  const { workspaceId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    const role = await openRole(tx, id, { lock: true })
    requireGrantable(tx, { role: 'viewer', scopes: role.scopes })
    if (replacement === id) {
      throw new AppError('invalid_request', 'A role cannot take its own place.', {
        fields: [{ pointer: '/replacement', message: 'Is the role to be deleted.' }],
      })
    }
    if (replacement === undefined) await requireUnused(tx, id)
    else {
      const next = await openGrantable(tx, replacement)
      if (next.role === 'owner') await requireApartFromGroups(tx, id)
      await store.replaceRole(tx.db, workspaceId, id, next)
      await replaceInvitedRole(tx.db, id, next)
      await replaceRuleRole(tx.db, workspaceId, id, replacement)
      await applyGroupRoles(tx, workspaceId, await listRoledByGroups(tx.db, workspaceId))
    }
    await store.deleteRole(tx.db, id)
    await audit(tx, { action: 'role.deleted', subject: roleSubject(role), before: role, after: { replacement } })
    await emit(tx, { type: 'role-deleted', workspaceId, subjectId: id, data: { replacement: replacement ?? null } })
  })
  announceAccess(ctx)
}

/** @throws AppError conflict for a role that groups give, or that people have besides: no group makes owners */
async function requireApartFromGroups(tx: Ctx, id: string): Promise<void> {
  const { groups, people } = await store.countHeldBesides(tx.db, id)
  if (groups + people === 0) return
  throw new AppError(
    'conflict',
    'This role has to do with groups of a directory, and these make no owners. Choose another.',
  )
}

/** @throws AppError role_in_use */
async function requireUnused(tx: Ctx, id: string): Promise<void> {
  const { workspaceId } = tx.actor
  const besides = await store.countHeldBesides(tx.db, id)
  const people = ((await store.countByRole(tx.db, workspaceId)).get(id) ?? 0) + besides.people
  const invited = await countInvitedTo(tx.db, id, tx.clock.now())
  const rules = await countRulesGiving(tx.db, workspaceId, id)
  const uses = [
    people > 0 && (people === 1 ? 'one person has it' : `${people} people have it`),
    invited > 0 && (invited === 1 ? 'one invitation gives it' : `${invited} invitations give it`),
    besides.groups > 0 && (besides.groups === 1 ? 'one group gives it' : `${besides.groups} groups give it`),
    rules > 0 && (rules === 1 ? 'one sign-in rule gives it' : `${rules} sign-in rules give it`),
  ].filter((use) => use !== false)
  if (uses.length === 0) return
  throw new AppError('role_in_use', `This role is in use: ${uses.join(', ')}. Choose the role that takes its place.`)
}

/**
 * Gives a person of the workspace another role, by its id or built-in name. It counts at once.
 * @throws AppError not_found, forbidden (more than the actor has, of either role), conflict for the last owner, and where a
 * group gives the role
 */
export async function assignRole(ctx: Ctx, userId: string, roleId: string): Promise<void> {
  const { workspaceId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    // Always in this order, so that two changes at once do not wait for each other.
    const owners = await store.lockOwnerIds(tx.db, workspaceId)
    const next = await openGrantable(tx, roleId)
    const held = await store.lockMembership(tx.db, workspaceId, userId)
    if (held === undefined) throw notFound('member')
    requireGrantable(tx, { role: held.role, scopes: held.roleScopes ?? scopesOf(held.role) })
    if (next.role === 'owner' && held.kind === 'service') {
      throw new AppError('forbidden', 'A service account can be an admin at most, not an owner.')
    }
    if (held.role === 'owner' && next.role !== 'owner' && owners.length === 1) {
      throw new AppError('conflict', 'A workspace needs an owner. Make somebody else an owner first.')
    }
    if (held.ownRole !== null && next.role !== 'owner') {
      throw new AppError(
        'conflict',
        'A group of your directory gives them this role. Change it there, or what the group gives under Provisioning.',
      )
    }
    await store.setMembershipRole(tx.db, workspaceId, userId, next)
    if (held.role === 'owner') await applyGroupRoles(tx, workspaceId, [userId])
    // Whom they invited while they could, comes in no more.
    await revokeInvitations(tx.db, workspaceId, { invitedBy: userId }, tx.clock.now())
    await audit(tx, {
      action: 'member.role-changed',
      subject: { kind: 'person', id: userId },
      before: held,
      after: next,
    })
    await emit(tx, { type: 'member-role-changed', workspaceId, subjectId: userId, data: { roleId } })
  })
  announceAccess(ctx)
}

/**
 * The role that a membership is to hold, checked to be one the actor may give.
 * @throws AppError not_found, forbidden
 */
export async function openGrantable(tx: Ctx, id: string): Promise<store.MembershipRole> {
  if (isBuiltIn(id)) {
    requireGrantable(tx, { role: id, scopes: scopesOf(id) })
    return { role: id, roleId: null }
  }
  const role = await openRole(tx, id, { lock: true })
  requireGrantable(tx, { role: 'viewer', scopes: role.scopes })
  return { role: 'viewer', roleId: id }
}

function roleSubject({ id, name }: store.RoleRow) {
  return { kind: 'role', id, name }
}

/** Built-in roles are there to be read; to change them is as if they were not. */
async function openRole(ctx: Ctx, id: string, options: { lock?: boolean } = {}): Promise<store.RoleRow> {
  const row = isId(id) ? await store.findRoleById(ctx.db, ctx.actor.workspaceId, id, options) : undefined
  if (row !== undefined) return row
  if (isBuiltIn(id)) throw new AppError('forbidden', 'Built-in roles cannot be changed. Make one of your own.')
  throw notFound('role')
}

function requireFreeName(existing: store.RoleRow[], name: string): void {
  const taken = [...existing.map((role) => role.name), ...roles.map((id) => described[id][0])]
  if (!taken.some((other) => other.toLowerCase() === name.toLowerCase())) return
  throw new AppError('name_taken', 'There is a role with this name already. Choose another name.', {
    fields: [{ pointer: '/name', message: 'Is taken.' }],
  })
}

type Counts = Map<string, number>

function present(ctx: Ctx, { id, name, description, scopes }: store.RoleRow, counts: Counts): WorkspaceRole {
  const grantable = mayGrantRole(ctx, { role: 'viewer', scopes })
  return { id, name, description, scopes, builtIn: false, memberCount: counts.get(id) ?? 0, grantable }
}

function presentBuiltIn(ctx: Ctx, id: (typeof roles)[number], counts: Counts): WorkspaceRole {
  const [name, description] = described[id]
  const scopes = [...scopesOf(id)]
  const grantable = mayGrantRole(ctx, { role: id, scopes })
  return { id, name, description, scopes, builtIn: true, memberCount: counts.get(id) ?? 0, grantable }
}
