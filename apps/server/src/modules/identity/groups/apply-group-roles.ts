import { audit } from '../../../platform/audit/index.ts'
import type { Platform } from '../../../platform/context.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { revokeInvitations } from '../invitations/store.ts'
import { highestRole } from '../roles/highest-role.ts'
import { listRoles, type MembershipRole } from '../roles/store.ts'
import { lockRoledMembers, saveRoles } from './group-roles-store.ts'

/** Somebody whom groups gave another role, or gave none any more. */
export interface RoleChange {
  userId: string
  before: MembershipRole
  after: MembershipRole
}

/**
 * Has each of these people have the highest role that their groups give, and where none gives one the role that they have of
 * their own. Owners stay owners, whatever their groups give. The caller announces what changed once it is committed.
 */
export async function applyGroupRoles(tx: Platform, workspaceId: string, userIds: string[]): Promise<RoleChange[]> {
  const members = await lockRoledMembers(tx.db, workspaceId, userIds)
  const custom = members.length === 0 ? [] : await listRoles(tx.db, workspaceId)
  const changes: RoleChange[] = []
  for (const { userId, role, roleId, ownRole, ownRoleId, given } of members) {
    const before = { role, roleId }
    const own = ownRole === null ? before : { role: ownRole, roleId: ownRoleId }
    const byGroups = highestRole(given, custom)
    if (byGroups === undefined && ownRole === null) continue
    const after = byGroups ?? own
    await saveRoles(tx.db, { workspaceId, userId }, after, byGroups === undefined ? null : own)
    if (after.role === role && after.roleId === roleId) continue
    changes.push({ userId, before, after })
    await revokeInvitations(tx.db, workspaceId, { invitedBy: userId }, tx.clock.now())
    await audit(tx, {
      action: 'member.role-changed',
      subject: { kind: 'person', id: userId },
      before,
      after,
      workspaces: [workspaceId],
      by: { kind: 'system', credentialId: 'roles by group' },
    })
    const data = { ...after, byGroup: byGroups !== undefined }
    await emit(tx, { type: 'member-role-changed', workspaceId, subjectId: userId, data })
  }
  return changes
}
