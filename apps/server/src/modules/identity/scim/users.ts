import type { Role } from '@parley/contract'
import { inTransaction, whenCommitted } from '../../../platform/context.ts'
import { isId } from '../../../platform/crypto/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { applyGroupRoles } from '../groups/apply-group-roles.ts'
import { saveRoles } from '../groups/group-roles-store.ts'
import { announcePeople } from '../people/people.ts'
import { lockOwnerIds, type MembershipRole, setMembershipRole } from '../roles/store.ts'
import { auditDirectory } from './audit-directory.ts'
import { requireGrantable, requireMakerCould, requireManageable } from './maker.ts'
import { offerMembership } from './offers.ts'
import { applyPatch, type Operation } from './patch.ts'
import { type PersonSaid, presentPerson, readPerson, resourceOf } from './person.ts'
import { requireMatch } from './preconditions.ts'
import type { Resource } from './read-resource.ts'
import { userResource } from './schemas.ts'
import type { ScimCtx } from './scim-ctx.ts'
import { invalidValue, noSuchResource, ScimError } from './scim-error.ts'
import { listResponse, readSearch } from './search.ts'
import * as store from './user-store.ts'

type Presented = Record<string, unknown>

const usualRole = 'member'

/**
 * Adds a person. A new address gets an account; one that is known elsewhere here is asked, and joins by agreeing.
 * @throws ScimError uniqueness, invalidValue
 */
export function createUser(ctx: ScimCtx, resource: Resource): Promise<Presented> {
  const said = readPerson(resource)
  const active = said.active ?? true
  return inTransaction(ctx, async (tx) => {
    const { workspaceId } = tx
    const now = tx.clock.now()
    const role = await getRole(tx, said.role ?? usualRole)
    requireGrantable(tx, role)
    if (await store.isUserNameTaken(tx.db, workspaceId, said.userName)) throw taken('userName', said.userName)
    const { userId, agreed } = await findOrMakeAccount(tx, said)
    const { userName, externalId, attributes } = said
    const acceptedAt = agreed ? now : null
    const person = { workspaceId, userId, userName, externalId, active, acceptedAt, attributes, role: roleOnly(role) }
    await store.saveScimUser(tx.db, person, now)
    if (active && agreed) await enter(tx, person)
    await auditDirectory(
      tx,
      'member.added',
      { kind: 'person', id: userId },
      { after: { ...person.role, by: 'the directory' } },
    )
    await tell(tx, 'member-provisioned', userId, { ...person.role, active, agreed })
    if (active && !agreed) await offerMembership(tx, { workspaceId, userId, email: said.email, name: said.name })
    return read(tx, userId)
  })
}

/** @throws ScimError 404 */
export async function getUser(ctx: ScimCtx, id: string): Promise<Presented> {
  if (!isId(id)) throw noSuchResource('User')
  return read(ctx, id)
}

/**
 * A page of the people who meet a filter.
 * @throws ScimError invalidFilter, invalidValue
 */
export async function searchUsers(ctx: ScimCtx, given: Record<string, unknown>): Promise<Presented> {
  const search = readSearch(store.userFilterSource, given)
  const { total, rows } = await store.listPeople(ctx.db, ctx.workspaceId, search.list)
  return listResponse(
    total,
    rows.map((row) => presentPerson(ctx, row)),
    search,
  )
}

/**
 * Replaces all that a directory can write. What it leaves out is forgotten, but for `active` and `roles`, which stay.
 * @throws ScimError
 */
export function replaceUser(ctx: ScimCtx, id: string, resource: Resource, ifMatch?: string): Promise<Presented> {
  return changeUser(ctx, id, () => resource, ifMatch)
}

/** @throws ScimError */
export function patchUser(
  ctx: ScimCtx,
  id: string,
  operations: readonly Operation[],
  ifMatch?: string,
): Promise<Presented> {
  return changeUser(
    ctx,
    id,
    (before) => {
      const after = applyPatch(userResource, before, operations)
      // To take a role away is to leave the usual one.
      return after.roles === undefined ? { ...after, roles: [{ value: usualRole }] } : after
    },
    ifMatch,
  )
}

/**
 * Takes a person out of the workspace. Their account and what they wrote stay.
 * @throws ScimError 404, mutability for the last owner
 */
export function deleteUser(ctx: ScimCtx, id: string, ifMatch?: string): Promise<void> {
  if (!isId(id)) throw noSuchResource('User')
  return inTransaction(ctx, async (tx) => {
    const owners = await lockOwnerIds(tx.db, tx.workspaceId)
    const held = await store.lockPerson(tx.db, tx.workspaceId, id)
    if (held === undefined) throw noSuchResource('User')
    const row = await store.findPerson(tx.db, tx.workspaceId, id)
    if (row === undefined) throw noSuchResource('User')
    requireMatch(presentPerson(tx, row), ifMatch)
    requireManageable(tx, row)
    requireAnotherOwner(owners, id)
    await leave(tx, id)
    await store.deleteScimUser(tx.db, tx.workspaceId, id)
    await auditDirectory(tx, 'member.removed', { kind: 'person', id }, { before: row })
    await tell(tx, 'member-removed', id, {})
  })
}

async function changeUser(
  ctx: ScimCtx,
  id: string,
  change: (before: Resource) => Resource,
  ifMatch: string | undefined,
): Promise<Presented> {
  if (!isId(id)) throw noSuchResource('User')
  return inTransaction(ctx, async (tx) => {
    const { workspaceId } = tx
    const now = tx.clock.now()
    const owners = await lockOwnerIds(tx.db, workspaceId)
    const held = await store.lockPerson(tx.db, workspaceId, id)
    const row = await store.findPerson(tx.db, workspaceId, id)
    if (held === undefined || row === undefined) throw noSuchResource('User')
    requireMatch(presentPerson(tx, row), ifMatch)
    const before = resourceOf(row)
    const after = change(before)
    const said = readPerson(after)
    const active = said.active ?? row.active
    const own = await ownRoleOf(tx, held, row)
    const saidRole = said.role === undefined ? undefined : await getRole(tx, said.role)
    // A directory that repeats what it read does not make the role that a group gives their own.
    const role = saidRole === undefined || isSameRole(saidRole, row) ? own : saidRole
    const sameRole = isSameRole(role, own)
    if (sameRole && active === row.active && isSame(readPerson(before), said)) return presentPerson(tx, row)

    requireManageable(tx, row)
    if (!sameRole) requireGrantable(tx, role)
    if (!sameRole || !active) requireAnotherOwner(owners, id)
    if (await store.isUserNameTaken(tx.db, workspaceId, said.userName, id)) throw taken('userName', said.userName)
    await changeAccount(tx, id, held, said)
    const { userName, externalId, attributes } = said
    // Members from before provisioning agreed when they joined.
    const acceptedAt = held.active === null ? now : held.acceptedAt
    const person = {
      workspaceId,
      userId: id,
      userName,
      externalId,
      active,
      acceptedAt,
      attributes,
      role: roleOnly(role),
    }
    await store.saveScimUser(tx.db, person, now)
    const subject = { kind: 'person', id }
    if (!active && row.active) {
      await leave(tx, id)
      await auditDirectory(tx, 'member.suspended', subject)
      await tell(tx, 'member-suspended', id, {})
    } else if (active && !row.active) {
      if (acceptedAt === null) {
        await offerMembership(tx, { workspaceId, userId: id, email: held.email, name: said.name })
      } else {
        await enter(tx, person)
      }
      await auditDirectory(tx, 'member.restored', subject, { after: person.role })
      await tell(tx, 'member-restored', id, { ...person.role })
    } else if (!sameRole) {
      if (held.ownRole === null) await setMembershipRole(tx.db, workspaceId, id, person.role)
      else await saveRoles(tx.db, { workspaceId, userId: id }, roleOnly(row), person.role)
      // Owners have no other role besides; who is one no more has what their groups give.
      await requireMakerCould(tx, await applyGroupRoles(tx, workspaceId, [id]))
      whenCommitted(tx, () => announceRevoked(ctx, { userId: id }))
      await auditDirectory(tx, 'member.role-changed', subject, { before: row, after: person.role })
      await tell(tx, 'member-role-changed', id, { ...person.role })
    } else {
      await auditDirectory(tx, 'member.changed', subject, { before: row, after: said })
      await tell(tx, 'member-changed', id, {})
    }
    return read(tx, id)
  })
}

/** The account of a new person, and whether they are in without being asked. */
async function findOrMakeAccount(tx: ScimCtx, { email, name }: PersonSaid) {
  const { workspaceId } = tx
  const made = await store.insertAccount(tx.db, { email, name, provisionedBy: workspaceId }, tx.clock.now())
  if (made !== undefined) return { userId: made, agreed: true }
  const account = await store.lockAccountByEmail(tx.db, email)
  if (account === undefined) throw taken('emails', email)
  const userId = account.id
  if ((await store.findPerson(tx.db, workspaceId, userId)) !== undefined) throw taken('emails', email)
  if (await store.isKnownElsewhere(tx.db, workspaceId, userId)) return { userId, agreed: false }
  if (account.provisionedBy === workspaceId) return { userId, agreed: true }
  // Whoever made it could sign in with it, and nobody knows that it was the person whom the directory means.
  throw new ScimError(
    409,
    'uniqueness',
    `There is an account for ${email} that is in no workspace. Invite it in Parley first, then provision it.`,
  )
}

/**
 * Address and name of an account are this directory's to change only if it made the account, and nobody else relies on it:
 * else whoever provisions could take over accounts by changing where their mail goes.
 */
async function changeAccount(
  tx: ScimCtx,
  id: string,
  account: { email: string; name: string; provisionedBy: string | null },
  { email, name }: PersonSaid,
): Promise<void> {
  if (email === account.email && name === account.name) return
  if (account.provisionedBy !== tx.workspaceId || (await store.isKnownElsewhere(tx.db, tx.workspaceId, id))) return
  if (!(await store.updateAccount(tx.db, id, { email, name }, tx.clock.now()))) throw taken('emails', email)
}

/** Lets a person in, into their groups and with the role that these give. */
async function enter(tx: ScimCtx, person: store.ScimUser): Promise<void> {
  await store.beginMembership(tx.db, person, tx.clock.now())
  await requireMakerCould(tx, await applyGroupRoles(tx, tx.workspaceId, [person.userId]))
}

/** The role that is theirs whatever group they are in. */
async function ownRoleOf(
  tx: ScimCtx,
  { ownRole, ownRoleId }: { ownRole: Role | null; ownRoleId: string | null },
  row: store.PersonRow,
): Promise<store.HeldRole> {
  if (ownRole === null) return row
  return store.withScopes(tx.db, tx.workspaceId, { role: ownRole, roleId: ownRoleId })
}

function isSameRole(a: MembershipRole, b: MembershipRole): boolean {
  return a.role === b.role && a.roleId === b.roleId
}

async function leave(tx: ScimCtx, id: string): Promise<void> {
  await store.endMembership(tx.db, tx.workspaceId, id, tx.clock.now())
  whenCommitted(tx, () => announceRevoked(tx, { userId: id }))
}

async function read(ctx: ScimCtx, id: string): Promise<Presented> {
  const row = await store.findPerson(ctx.db, ctx.workspaceId, id)
  if (row === undefined) throw noSuchResource('User')
  return presentPerson(ctx, row)
}

/** Listeners of the event and open windows of the workspace learn of it. */
function tell(tx: ScimCtx, type: string, subjectId: string, data: Record<string, unknown>): Promise<void> {
  whenCommitted(tx, () => announcePeople(tx, tx.workspaceId))
  return emit(tx, { type, workspaceId: tx.workspaceId, subjectId, data: { ...data, scimTokenId: tx.tokenId } })
}

async function getRole(tx: ScimCtx, name: string): Promise<store.HeldRole> {
  const found = await store.findRole(tx.db, tx.workspaceId, name)
  if (found) return found
  const known = 'admin, member, viewer, and those that were made in the workspace'
  throw invalidValue(`There is no role “${name.slice(0, 100)}” here. There are: ${known}.`)
}

function roleOnly({ role, roleId }: store.HeldRole): MembershipRole {
  return { role, roleId }
}

function requireAnotherOwner(owners: string[], id: string): void {
  if (owners.length !== 1 || owners[0] !== id) return
  throw new ScimError(
    400,
    'mutability',
    'This is the last owner of the workspace, who can neither be deactivated nor removed. Make somebody else an owner first.',
  )
}

function taken(attribute: string, value: string): ScimError {
  return new ScimError(409, 'uniqueness', `There is a person with “${attribute}” ${value} already.`)
}

function isSame(a: PersonSaid, b: PersonSaid): boolean {
  const said = ({ userName, externalId, attributes }: PersonSaid) => canonical([userName, externalId, attributes])
  return said(a) === said(b)
}

/** JSON with its names in order: the database has one of its own. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )
}
