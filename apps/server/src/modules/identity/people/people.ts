import type { ChangeEvent, Page, Person, peopleEndpoints, QueryOf } from '@parley/contract'
import { z } from 'zod'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction, type Platform } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { decodeCursor, encodeCursor } from '../../../platform/http/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { mayGrantRole, requireGrantable, scopesOfMember } from '../access.ts'
import { announceAccess } from '../announce-access.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { revokeInvitations } from '../invitations/store.ts'
import { lockMembership, lockOwnerIds } from '../roles/store.ts'
import * as store from './store.ts'

const byName = z.tuple([z.string(), z.uuid()])

type Row = NonNullable<Awaited<ReturnType<typeof store.findMemberRow>>>

/** A page of the workspace's people, by name. */
export async function listPeople(ctx: Ctx, query: QueryOf<typeof peopleEndpoints.listPeople>): Promise<Page<Person>> {
  const { limit, cursor, search } = query
  const after = cursor === undefined ? undefined : decodeCursor(byName, cursor)
  const rows = await store.listMembers(ctx.db, ctx.actor.workspaceId, { limit: limit + 1, search, after })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    data: page.map((row) => present(ctx, row)),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor([last.sortedBy, last.id]) : null,
  }
}

/**
 * One person of the workspace.
 * @throws AppError not_found
 */
export async function getPerson(ctx: Ctx, userId: string): Promise<Person> {
  const row = await store.findMemberRow(ctx.db, ctx.actor.workspaceId, userId)
  if (row === undefined) throw notFound('person')
  return present(ctx, row)
}

/**
 * Takes a person out of the workspace. Their sessions and keys there end at once; what they wrote stays.
 * @throws AppError not_found, forbidden (above the actor's own), conflict for oneself and for the last owner
 */
export async function removePerson(ctx: Ctx, userId: string): Promise<void> {
  if (userId === ctx.actor.userId) {
    throw new AppError('conflict', 'You cannot remove yourself. Leave the workspace instead, in your account settings.')
  }
  const { workspaceId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    const owners = await lockOwnerIds(tx.db, workspaceId)
    const held = await lockMembership(tx.db, workspaceId, userId)
    if (held === undefined) throw notFound('person')
    requireGrantable(tx, { role: held.role, scopes: scopesOfMember(held) })
    requireOtherOwner(owners, userId)
    await takeOut(tx, userId)
    await audit(tx, { action: 'member.removed', subject: { kind: 'person', id: userId }, before: held })
  })
  announceChange(ctx, userId)
}

/**
 * Ends a membership with all that hangs on it: sessions, keys, invitations that they made or that would let them back.
 * The caller holds the lock on the owners, and announces it once it is committed.
 */
export async function takeOut(tx: Ctx, userId: string, keptSessionId?: string): Promise<void> {
  const { workspaceId } = tx.actor
  const now = tx.clock.now()
  const person = await store.findMemberRow(tx.db, workspaceId, userId)
  await store.deleteMember(tx.db, workspaceId, userId, { now, keptSessionId })
  await revokeInvitations(tx.db, workspaceId, { invitedBy: userId }, now)
  if (person) await revokeInvitations(tx.db, workspaceId, { email: person.email }, now)
  await emit(tx, { type: 'member-removed', workspaceId, subjectId: userId, data: { byUserId: tx.actor.userId } })
}

/** @throws AppError conflict when this person is the only owner */
export function requireOtherOwner(owners: string[], userId: string): void {
  if (owners.length > 1 || owners[0] !== userId) return
  throw new AppError(
    'conflict',
    'A workspace needs an owner, and this is the only one. Make somebody else an owner first.',
  )
}

/** What was remembered of the person's credentials and of who may what is forgotten; open streams and windows look again. */
export function announceChange(ctx: Ctx, userId: string): void {
  announceRevoked(ctx, { userId })
  announceAccess(ctx)
  announcePeople(ctx, ctx.actor.workspaceId)
}

/** Open windows of the workspace look at its people again. */
export function announcePeople({ bus }: Pick<Platform, 'bus'>, workspaceId: string): void {
  bus.publish(`changes:workspace:${workspaceId}`, { type: 'people-changed' } satisfies ChangeEvent)
}

function present(ctx: Ctx, row: Row): Person {
  const { id, name, email, role, roleId, roleName, roleScopes, joinedAt } = row
  const customRole = roleId === null || roleName === null ? null : { id: roleId, name: roleName }
  const grantable = mayGrantRole(ctx, { role, scopes: scopesOfMember({ role, roleScopes }) })
  const manageable = ctx.actor.scopes.has('people:manage') && grantable
  const secondFactor = manageable ? row.secondFactor : null
  const roleByGroup = row.ownRole !== null
  return { id, name, email, role, customRole, roleByGroup, joinedAt: joinedAt.toISOString(), manageable, secondFactor }
}
