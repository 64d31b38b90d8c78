import type { Group } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { requireGrantable, scopesOf } from '../access.ts'
import { announceAccess } from '../announce-access.ts'
import { announcePeople } from '../people/people.ts'
import { openGrantable } from '../roles/roles.ts'
import { findRoleById } from '../roles/store.ts'
import { applyGroupRoles } from './apply-group-roles.ts'
import { listMemberIdsOf, setGivenRole } from './group-roles-store.ts'
import { getGroup, openGroup } from './groups.ts'

/**
 * Has a group give its people a role, by id or built-in name; null has it give none. It counts at once, and for who comes
 * and goes by the directory. Until then nobody changes the group's people by hand.
 * @throws AppError not_found, forbidden (a role that the actor could not give), invalid_request for owner
 */
export async function setGroupRole(ctx: Ctx, id: string, roleId: string | null): Promise<Group> {
  const { workspaceId } = ctx.actor
  if (roleId === 'owner') {
    throw new AppError('invalid_request', 'No group makes owners. Make them one by one, under People.', {
      fields: [{ pointer: '/role', message: 'Cannot be given by a group.' }],
    })
  }
  await inTransaction(ctx, async (tx) => {
    const next = roleId === null ? null : await openGrantable(tx, roleId)
    const group = await openGroup(tx, id, { lock: true })
    await requireMayTakeAway(tx, group)
    await setGivenRole(tx.db, id, next, tx.clock.now())
    await applyGroupRoles(tx, workspaceId, await listMemberIdsOf(tx.db, id))
    const before = { role: group.givenRole, roleId: group.givenRoleId }
    const subject = { kind: 'group', id, name: group.name }
    await audit(tx, { action: 'group.role-changed', subject, before, after: next ?? { role: null } })
    await emit(tx, { type: 'group-role-changed', workspaceId, subjectId: id, data: { roleId } })
  })
  announceAccess(ctx)
  announcePeople(ctx, workspaceId)
  return getGroup(ctx, id)
}

/** What a group gives, only those take away who could give it. */
async function requireMayTakeAway(
  tx: Ctx,
  { givenRole, givenRoleId }: Awaited<ReturnType<typeof openGroup>>,
): Promise<void> {
  if (givenRole === null) return
  const custom = givenRoleId === null ? undefined : await findRoleById(tx.db, tx.actor.workspaceId, givenRoleId)
  requireGrantable(tx, { role: givenRole, scopes: custom?.scopes ?? scopesOf(givenRole) })
}
