import type { BodyOf, endpoints, Group, GroupMember, Page, QueryOf } from '@parley/contract'
import { z } from 'zod'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { decodeCursor, encodeCursor, type Idempotency, once } from '../../../platform/http/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announceAccess } from '../announce-access.ts'
import { roleName } from '../invitations/present.ts'
import * as store from './store.ts'

const byName = z.tuple([z.string(), z.uuid()])

/** A page of the workspace's groups, by name. */
export async function listGroups(ctx: Ctx, query: QueryOf<typeof endpoints.listGroups>): Promise<Page<Group>> {
  const { limit, cursor, ...wanted } = query
  const after = cursor === undefined ? undefined : decodeCursor(byName, cursor)
  const rows = await store.listGroups(ctx.db, ctx.actor.workspaceId, { limit: limit + 1, ...wanted, after })
  return pageOf(rows, limit, present)
}

/**
 * One group.
 * @throws AppError not_found
 */
export async function getGroup(ctx: Ctx, id: string): Promise<Group> {
  return present(await openGroup(ctx, id))
}

/**
 * Makes a group with nobody in it.
 * @throws AppError name_taken
 */
export function createGroup(
  ctx: Ctx,
  { name, description = '', externalId }: BodyOf<typeof endpoints.createGroup>,
  idempotency: Idempotency | undefined,
): Promise<Group> {
  const { workspaceId } = ctx.actor
  return once(ctx, idempotency, async (tx) => {
    const row = await store.insertGroup(
      tx.db,
      { workspaceId, name, description, externalId: externalId ?? null },
      tx.clock.now(),
    )
    if (row === undefined) throw nameTaken()
    await audit(tx, { action: 'group.created', subject: groupSubject(row), after: row })
    await emit(tx, { type: 'group-created', workspaceId, subjectId: row.id, data: {} })
    return present(row)
  })
}

/**
 * Renames or describes a group.
 * @throws AppError not_found, name_taken
 */
export async function changeGroup(ctx: Ctx, id: string, change: BodyOf<typeof endpoints.updateGroup>): Promise<Group> {
  return inTransaction(ctx, async (tx) => {
    const { workspaceId } = tx.actor
    const before = await openGroup(tx, id, { lock: true })
    if (change.name !== undefined && (await store.hasGroupNamed(tx.db, workspaceId, change.name, id))) throw nameTaken()
    await store.updateGroup(tx.db, id, change, tx.clock.now())
    await audit(tx, { action: 'group.changed', subject: groupSubject(before), before, after: { ...before, ...change } })
    return getGroup(tx, id)
  })
}

/**
 * Deletes a group. What was shared with it is its people's no more, at once.
 * @throws AppError not_found, conflict for one that gives a role
 */
export async function deleteGroup(ctx: Ctx, id: string): Promise<void> {
  await inTransaction(ctx, async (tx) => {
    const group = await openByHand(tx, id)
    const { workspaceId } = group
    await store.deleteGroup(tx.db, id)
    await audit(tx, { action: 'group.deleted', subject: groupSubject(group), before: group })
    await emit(tx, { type: 'group-deleted', workspaceId, subjectId: id, data: {} })
  })
  announceAccess(ctx)
}

/**
 * A page of the people in a group, by name.
 * @throws AppError not_found
 */
export async function listGroupMembers(
  ctx: Ctx,
  id: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<GroupMember>> {
  await openGroup(ctx, id)
  const after = cursor === undefined ? undefined : decodeCursor(byName, cursor)
  const rows = await store.listGroupMembers(ctx.db, id, { limit: limit + 1, after })
  return pageOf(rows, limit, ({ createdAt, ...person }) => ({ ...person, addedAt: createdAt.toISOString() }))
}

/**
 * Adds a person of the workspace; does nothing for who is in the group.
 * @throws AppError not_found, conflict for a group that gives a role
 */
export async function addGroupMember(ctx: Ctx, id: string, userId: string): Promise<void> {
  await inTransaction(ctx, async (tx) => {
    const group = await openByHand(tx, id)
    const { workspaceId } = group
    if (!(await store.insertGroupMember(tx.db, { groupId: id, workspaceId, userId }, tx.clock.now()))) {
      throw notFound('member')
    }
    await audit(tx, { action: 'group.member-added', subject: groupSubject(group), after: { userId } })
    await emit(tx, { type: 'group-member-added', workspaceId, subjectId: id, data: { userId } })
  })
  announceAccess(ctx)
}

/**
 * Takes a person out of a group. What was shared with the group is theirs no more, at once.
 * @throws AppError not_found, conflict for a group that gives a role
 */
export async function removeGroupMember(ctx: Ctx, id: string, userId: string): Promise<void> {
  await inTransaction(ctx, async (tx) => {
    const group = await openByHand(tx, id)
    const { workspaceId } = group
    if (!(await store.deleteGroupMember(tx.db, id, userId))) throw notFound('member')
    await audit(tx, { action: 'group.member-removed', subject: groupSubject(group), before: { userId } })
    await emit(tx, { type: 'group-member-removed', workspaceId, subjectId: id, data: { userId } })
  })
  announceAccess(ctx)
}

function groupSubject({ id, name }: store.GroupRow) {
  return { kind: 'group', id, name }
}

/** @throws AppError not_found */
export async function openGroup(ctx: Ctx, id: string, options: { lock?: boolean } = {}): Promise<store.GroupRow> {
  const row = await store.findGroup(ctx.db, ctx.actor.workspaceId, id, options)
  if (row === undefined) throw notFound('group')
  return row
}

/** A group whose people may be changed by hand: otherwise whoever changes groups would give roles. */
async function openByHand(tx: Ctx, id: string): Promise<store.GroupRow> {
  const group = await openGroup(tx, id, { lock: true })
  if (group.givenRole === null) return group
  throw new AppError(
    'conflict',
    'This group gives its people a role, so that only your directory says who is in it. Change it there, or have it give no role first, under Provisioning.',
  )
}

function nameTaken(): AppError {
  return new AppError('name_taken', 'There is a group with this name already. Choose another name.', {
    fields: [{ pointer: '/name', message: 'Is taken.' }],
  })
}

function pageOf<Row extends { id: string; name: string }, T>(
  rows: Row[],
  limit: number,
  toWire: (row: Row) => T,
): Page<T> {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    data: page.map(toWire),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor([last.name, last.id]) : null,
  }
}

function present(row: store.GroupRow): Group {
  const { id, name, description, externalId, memberCount, createdAt } = row
  return { id, name, description, externalId, role: presentRole(row), memberCount, createdAt: createdAt.toISOString() }
}

function presentRole({ givenRole, givenRoleId, givenRoleName }: store.GroupRow): Group['role'] {
  if (givenRole === null) return null
  return { id: givenRoleId ?? givenRole, name: roleName({ role: givenRole, roleName: givenRoleName }) }
}
