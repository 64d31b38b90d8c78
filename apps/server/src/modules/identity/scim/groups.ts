import { inTransaction, whenCommitted } from '../../../platform/context.ts'
import { isId } from '../../../platform/crypto/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announceAccess } from '../announce-access.ts'
import { applyGroupRoles } from '../groups/apply-group-roles.ts'
import { listMemberIdsOf } from '../groups/group-roles-store.ts'
import { deleteGroup as deleteRow, insertGroup } from '../groups/store.ts'
import { auditDirectory } from './audit-directory.ts'
import * as store from './group-store.ts'
import { requireMakerCould } from './maker.ts'
import { applyPatch, type Operation } from './patch.ts'
import { withVersion } from './person.ts'
import { requireMatch } from './preconditions.ts'
import type { Projection } from './project.ts'
import type { ComplexValue, Resource } from './read-resource.ts'
import { groupResource, groupSchemaId } from './schemas.ts'
import { locationOf, type ScimCtx } from './scim-ctx.ts'
import { invalidValue, noSuchResource, ScimError } from './scim-error.ts'
import { listResponse, readSearch } from './search.ts'

type Presented = Record<string, unknown>

const longestName = 60

/**
 * Makes a group.
 * @throws ScimError uniqueness, invalidValue
 */
export function createGroup(ctx: ScimCtx, resource: Resource): Promise<Presented> {
  const said = readGroup(resource)
  return inTransaction(ctx, async (tx) => {
    const { workspaceId } = tx
    await requireFree(tx, said, undefined)
    const { displayName: name, externalId } = said
    const row = await insertGroup(tx.db, { workspaceId, name, description: '', externalId }, tx.clock.now())
    if (row === undefined) throw taken('displayName', name)
    await auditDirectory(tx, 'group.created', { kind: 'group', id: row.id, name }, { after: row })
    await tell(tx, 'group-created', row.id, {})
    await changeMembers(tx, row, [], said.memberIds)
    return read(tx, row.id)
  })
}

/** @throws ScimError 404 */
export async function getGroup(ctx: ScimCtx, id: string, projection: Projection): Promise<Presented> {
  return present(ctx, await open(ctx, id), wantsMembers(projection) ? await membersOf(ctx, [id]) : [])
}

/**
 * A page of the groups that meet a filter.
 * @throws ScimError invalidFilter, invalidValue
 */
export async function searchGroups(ctx: ScimCtx, given: Record<string, unknown>): Promise<Presented> {
  const search = readSearch(store.groupFilterSource, given)
  const { total, rows } = await store.listGroups(ctx.db, ctx.workspaceId, search.list)
  const members = wantsMembers(search.projection)
    ? await membersOf(
        ctx,
        rows.map(({ id }) => id),
      )
    : []
  return listResponse(
    total,
    rows.map((row) => present(ctx, row, members)),
    search,
  )
}

/** @throws ScimError */
export function replaceGroup(ctx: ScimCtx, id: string, resource: Resource, ifMatch?: string): Promise<Presented> {
  return changeGroup(ctx, id, () => resource, ifMatch)
}

/** @throws ScimError */
export function patchGroup(
  ctx: ScimCtx,
  id: string,
  operations: readonly Operation[],
  ifMatch?: string,
): Promise<Presented> {
  return changeGroup(ctx, id, (before) => applyPatch(groupResource, before, operations), ifMatch)
}

/**
 * Deletes a group. What was shared with it is its people's no more, at once.
 * @throws ScimError 404
 */
export function deleteGroup(ctx: ScimCtx, id: string, ifMatch?: string): Promise<void> {
  return inTransaction(ctx, async (tx) => {
    const row = await open(tx, id, { lock: true })
    requireMatch(present(tx, row, await membersOf(tx, [id])), ifMatch)
    const memberIds = await listMemberIdsOf(tx.db, id)
    await deleteRow(tx.db, id)
    await auditDirectory(tx, 'group.deleted', { kind: 'group', id, name: row.displayName })
    await tell(tx, 'group-deleted', id, {})
    await requireMakerCould(tx, await applyGroupRoles(tx, tx.workspaceId, memberIds))
    tellAccess(tx)
  })
}

function changeGroup(
  ctx: ScimCtx,
  id: string,
  change: (before: Resource) => Resource,
  ifMatch: string | undefined,
): Promise<Presented> {
  return inTransaction(ctx, async (tx) => {
    const row = await open(tx, id, { lock: true })
    const members = await membersOf(tx, [id])
    const presented = present(tx, row, members)
    requireMatch(presented, ifMatch)
    const { displayName, externalId } = row
    const before = {
      displayName,
      ...(externalId === null ? {} : { externalId }),
      members: members.map(({ value }) => ({ value, type: 'User' })),
    }
    const said = readGroup(change(before))
    const beforeIds = members.map(({ value }) => value)
    const sameMembers =
      beforeIds.length === said.memberIds.length && beforeIds.every((each) => said.memberIds.includes(each))
    if (said.displayName === displayName && said.externalId === externalId && sameMembers) return presented
    await requireFree(tx, said, id)
    await store.updateGroup(tx.db, id, said, tx.clock.now())
    // One entry for however many people: a directory moves hundreds at once.
    const added = said.memberIds.filter((each) => !beforeIds.includes(each))
    const removed = beforeIds.filter((each) => !said.memberIds.includes(each))
    await auditDirectory(
      tx,
      'group.changed',
      { kind: 'group', id, name: said.displayName },
      {
        before: { name: displayName, externalId },
        after: { name: said.displayName, externalId: said.externalId, added, removed },
      },
    )
    if (!sameMembers) await changeMembers(tx, row, beforeIds, said.memberIds)
    return read(tx, id)
  })
}

async function changeMembers(
  tx: ScimCtx,
  { id, givenRole, givenRoleId }: Pick<store.ScimGroupRow, 'id' | 'givenRole' | 'givenRoleId'>,
  before: string[],
  after: string[],
): Promise<void> {
  const [had, has] = [new Set(before), new Set(after)]
  const added = after.filter((userId) => !had.has(userId))
  const removed = before.filter((userId) => !has.has(userId))
  const group = { workspaceId: tx.workspaceId, id }
  if (givenRole !== null && added.length + removed.length > 0) {
    // Also for who is not in yet: they have the role once they are.
    const given = { role: givenRole, roleId: givenRoleId }
    await requireMakerCould(tx, [{ before: given, after: given }])
  }
  if (added.length > 0) {
    const known = await store.findPeople(tx.db, tx.workspaceId, added)
    const unknown = added.find((userId) => !known.has(userId))
    if (unknown !== undefined) throw invalidValue(`There is no User ${unknown} to be a member.`)
    await store.addMembers(tx.db, group, added, tx.clock.now())
  }
  if (removed.length > 0) await store.removeMembers(tx.db, group, removed)
  await requireMakerCould(tx, await applyGroupRoles(tx, tx.workspaceId, [...added, ...removed]))
  for (const userId of added) await tell(tx, 'group-member-added', id, { userId })
  for (const userId of removed) await tell(tx, 'group-member-removed', id, { userId })
  if (added.length + removed.length > 0) tellAccess(tx)
}

interface GroupSaid {
  displayName: string
  externalId: string | null
  memberIds: string[]
}

function readGroup({ displayName, externalId, members }: Resource): GroupSaid {
  const name = typeof displayName === 'string' ? displayName.trim() : ''
  if (name === '') throw invalidValue('“displayName” is missing.')
  if (name.length > longestName) throw invalidValue(`“displayName” may have ${longestName} characters.`)
  const memberIds = ((members ?? []) as ComplexValue[]).map(({ value, type }) => {
    if (type !== undefined && String(type).toLowerCase() !== 'user') {
      throw invalidValue('Only people can be members of a group.')
    }
    if (typeof value !== 'string' || !isId(value)) throw invalidValue('A member has to be named by the id of a User.')
    return value.toLowerCase()
  })
  return {
    displayName: name,
    externalId: typeof externalId === 'string' ? externalId : null,
    memberIds: [...new Set(memberIds)],
  }
}

async function requireFree(tx: ScimCtx, said: GroupSaid, exceptId: string | undefined): Promise<void> {
  const attribute = await store.findTaken(tx.db, tx.workspaceId, said, exceptId)
  if (attribute) throw taken(attribute, String(said[attribute]))
}

function taken(attribute: string, value: string): ScimError {
  return new ScimError(409, 'uniqueness', `There is a group with “${attribute}” ${value} already.`)
}

async function open(ctx: ScimCtx, id: string, options: { lock?: boolean } = {}): Promise<store.ScimGroupRow> {
  const row = isId(id) ? await store.findGroup(ctx.db, ctx.workspaceId, id, options) : undefined
  if (row === undefined) throw noSuchResource('Group')
  return row
}

async function read(ctx: ScimCtx, id: string): Promise<Presented> {
  return present(ctx, await open(ctx, id), await membersOf(ctx, [id]))
}

function membersOf(ctx: ScimCtx, ids: string[]): Promise<store.Member[]> {
  return store.listMembers(ctx.db, ctx.workspaceId, ids)
}

/** Entra ID leaves the members out, which may be many. */
function wantsMembers({ only, without }: Projection): boolean {
  if (only) return only.some(({ attribute }) => attribute?.name === 'members')
  return !without.some(({ attribute, sub }) => attribute?.name === 'members' && sub === undefined)
}

function present(ctx: ScimCtx, row: store.ScimGroupRow, allMembers: store.Member[]): Presented {
  const { id, displayName, externalId, createdAt, updatedAt } = row
  const members = allMembers
    .filter(({ groupId }) => groupId === id)
    .map(({ value, display }) => ({ value, $ref: locationOf(ctx, 'Users', value), type: 'User', display }))
  return withVersion({
    schemas: [groupSchemaId],
    id,
    ...(externalId === null ? {} : { externalId }),
    displayName,
    ...(members.length > 0 ? { members } : {}),
    meta: {
      resourceType: 'Group',
      created: createdAt.toISOString(),
      lastModified: updatedAt.toISOString(),
      location: locationOf(ctx, 'Groups', id),
    },
  })
}

function tell(tx: ScimCtx, type: string, subjectId: string, data: Record<string, unknown>): Promise<void> {
  return emit(tx, { type, workspaceId: tx.workspaceId, subjectId, data: { ...data, scimTokenId: tx.tokenId } })
}

function tellAccess(tx: ScimCtx): void {
  whenCommitted(tx, () => announceAccess({ bus: tx.bus, actor: { workspaceId: tx.workspaceId } }))
}
