import { audit } from '../../../platform/audit/index.ts'
import type { Platform } from '../../../platform/context.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { applyGroupRoles } from '../groups/apply-group-roles.ts'
import { highestRole } from '../roles/highest-role.ts'
import { listRoles, type MembershipRole } from '../roles/store.ts'
import { getFirstWorkspaceId } from '../store.ts'
import type { ProvenIdentity } from './identity.ts'
import { keepManagedGroups } from './managed-groups.ts'
import { givenBy } from './match-rules.ts'
import type { KnownProvider } from './providers.ts'
import {
  countOwners,
  deleteMembership,
  listMemberships,
  listWorkspaceIds,
  saveMembership,
  saveOwnRole,
} from './store.ts'

type Rules = KnownProvider['rules']
type MembershipRow = Awaited<ReturnType<typeof listMemberships>>[number]

/** Gives the roles that the rules say, and takes back those that they no longer do. Answers where anything changed. */
export async function applyRoleRules(
  tx: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  userId: string,
): Promise<string[]> {
  const changed: string[] = []
  const memberships = await listMemberships(tx.db, userId)
  for (const [workspaceId, rules] of await rulesByWorkspace(tx, provider)) {
    if (!rules.some(givesRole)) continue
    const current = memberships.find((each) => each.workspaceId === workspaceId)
    const held = current && ownRoleOf(current)
    const byRule = await roleByRules(tx, workspaceId, rules, identity)
    const lapsed = byRule === undefined && current?.managedBy === provider.id
    const next = lapsed ? provider.defaultRole && { role: provider.defaultRole, roleId: null } : byRule
    if (next === undefined || (next !== null && held?.role === next.role && held.roleId === next.roleId)) continue
    if (current === undefined && next === null) continue
    if (current?.role === 'owner') {
      // Owners are the rules' business only where these name owners; and the last one stays.
      if (!rules.some((rule) => rule.role === 'owner')) continue
      if ((await countOwners(tx.db, workspaceId)) <= 1) continue
    }
    const data = { providerId: provider.id }
    if (next === null) {
      await deleteMembership(tx.db, workspaceId, userId)
      await auditRuled(tx, 'member.removed', provider, { workspaceId, userId }, { before: current })
      await emit(tx, { type: 'member-removed', workspaceId, subjectId: userId, data })
    } else {
      const membership = { workspaceId, userId, ...next, managedBy: provider.id }
      if (current?.ownRole != null && next.role !== 'owner') await saveOwnRole(tx.db, membership)
      else await saveMembership(tx.db, membership, tx.clock.now())
      // Who is no owner any more has what their groups give.
      if (current?.role === 'owner') await applyGroupRoles(tx, workspaceId, [userId])
      const action = current === undefined ? 'member.added' : 'member.role-changed'
      await auditRuled(tx, action, provider, { workspaceId, userId }, { before: current, after: next })
      const type = current === undefined ? 'member-joined' : 'member-role-changed'
      await emit(tx, { type, workspaceId, subjectId: userId, data: { ...data, ...next } })
    }
    changed.push(workspaceId)
  }
  return changed
}

/**
 * Puts a member into the groups that the rules say, and takes them out of those that they no longer do. Groups that somebody
 * put them into stay. Answers where anything changed.
 */
export async function applyGroupRules(
  tx: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  userId: string,
): Promise<string[]> {
  const changed: string[] = []
  const rules = await rulesByWorkspace(tx, provider)
  for (const { workspaceId } of await listMemberships(tx.db, userId)) {
    const wanted = givenBy(rules.get(workspaceId) ?? [], identity.claims).groupIds
    const member = { workspaceId, userId, providerId: provider.id }
    const { added, removed } = await keepManagedGroups(tx.db, member, wanted, tx.clock.now())
    if (removed.length > 0) await applyGroupRoles(tx, workspaceId, [userId])
    const data = { userId, providerId: provider.id }
    const by = { kind: 'system', credentialId: `sign-in provider ${provider.id}` } as const
    const ofGroup = (id: string) => ({ subject: { kind: 'group', id }, workspaces: [workspaceId], by })
    for (const id of added) await audit(tx, { action: 'group.member-added', ...ofGroup(id), after: { userId } })
    for (const id of removed) await audit(tx, { action: 'group.member-removed', ...ofGroup(id), before: { userId } })
    for (const id of added) await emit(tx, { type: 'group-member-added', workspaceId, subjectId: id, data })
    for (const id of removed) await emit(tx, { type: 'group-member-removed', workspaceId, subjectId: id, data })
    if (added.length + removed.length > 0) changed.push(workspaceId)
  }
  return changed
}

/** Groups of a directory may give a role; rules are about the one that people have besides. */
function ownRoleOf({ role, roleId, ownRole, ownRoleId }: MembershipRow): MembershipRole {
  return ownRole === null ? { role, roleId } : { role: ownRole, roleId: ownRoleId }
}

/** What the word of a provider made of somebody. */
export function auditRuled(
  tx: Platform,
  action: 'member.added' | 'member.role-changed' | 'member.removed',
  { id }: KnownProvider,
  { workspaceId, userId }: { workspaceId: string; userId: string },
  { before, after }: { before?: object | undefined; after?: object },
): Promise<void> {
  return audit(tx, {
    action,
    subject: { kind: 'person', id: userId },
    before,
    after: action === 'member.removed' ? undefined : { ...after, by: `sign-in provider ${id}` },
    workspaces: [workspaceId],
    by: { kind: 'system', credentialId: `sign-in provider ${id}` },
  })
}

/** The rules of a provider that are about one workspace. */
export async function rulesOf(platform: Platform, provider: KnownProvider, workspaceId: string): Promise<Rules> {
  return (await rulesByWorkspace(platform, provider)).get(workspaceId) ?? []
}

/** The highest role that the rules give; undefined when none of them names this person. */
export async function roleByRules(
  { db }: Platform,
  workspaceId: string,
  rules: Rules,
  { claims }: ProvenIdentity,
): Promise<MembershipRole | undefined> {
  const given = givenBy(rules, claims).roles
  return given.length === 0 ? undefined : highestRole(given, await listRoles(db, workspaceId))
}

/** Whether a rule says who gets in, and as what; one about a group only sorts those who are in. */
export function givesRole({ role }: Rules[number]): boolean {
  return role !== undefined
}

/** The rules by the workspace that each is about: a workspace's own provider speaks of that one alone. */
async function rulesByWorkspace(platform: Platform, provider: KnownProvider) {
  const byWorkspace = new Map<string, Rules>()
  if (provider.rules.length === 0) return byWorkspace
  const own = provider.workspaceId ?? (await getFirstWorkspaceId(platform.db))
  for (const rule of provider.rules) {
    const workspaceId = provider.workspaceId ?? rule.workspaceId ?? own
    byWorkspace.set(workspaceId, [...(byWorkspace.get(workspaceId) ?? []), rule])
  }
  const existing = await listWorkspaceIds(platform.db, [...byWorkspace.keys()])
  for (const workspaceId of byWorkspace.keys()) {
    if (existing.includes(workspaceId)) continue
    platform.log.warn({ workspaceId, providerId: provider.id }, 'A sign-in rule names a workspace that is not there.')
    byWorkspace.delete(workspaceId)
  }
  return byWorkspace
}
