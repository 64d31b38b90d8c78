import { inTransaction, type Platform } from '../../../platform/context.ts'
import { emit } from '../../../platform/outbox/index.ts'
import type { Member } from '../add-person.ts'
import { announceAccess } from '../announce-access.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { announcePeople } from '../people/people.ts'
import type { MembershipRole } from '../roles/store.ts'
import { getFirstWorkspaceId, lockOwnership } from '../store.ts'
import { applyGroupRules, applyRoleRules, auditRuled, givesRole, roleByRules, rulesOf } from './apply-rules.ts'
import type { ProvenIdentity } from './identity.ts'
import type { KnownProvider } from './providers.ts'
import { SignInRefused } from './refusal.ts'
import { findPolicyRow, listMemberships, saveMembership } from './store.ts'

/**
 * Applies the provider's rules to whoever signed in, and finds the workspace to begin in: the wanted one, or the one last
 * used. Someone who is not in the wanted one joins it where a rule or its policy says so.
 * What the rules took away stays away, also where that leaves nothing to sign in to.
 * @throws SignInRefused not_admitted when no workspace is left
 */
export async function admit(
  platform: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  userId: string,
  wantedId: string,
): Promise<Member> {
  const { changed, memberships } = await inTransaction(platform, async (tx) => {
    await lockOwnership(tx.db)
    const byRules = await applyRoleRules(tx, provider, identity, userId)
    const joined = await join(tx, provider, identity, userId, wantedId)
    const sorted = await applyGroupRules(tx, provider, identity, userId)
    const workspaceIds = new Set([...byRules, ...(joined ? [wantedId] : []), ...sorted])
    return { changed: workspaceIds, memberships: await reachable(tx, provider, userId) }
  })
  if (changed.size > 0) announceRevoked(platform, { userId })
  for (const workspaceId of changed) {
    announceAccess({ bus: platform.bus, actor: { workspaceId } })
    announcePeople(platform, workspaceId)
  }
  const chosen = memberships.find(({ workspaceId }) => workspaceId === wantedId) ?? memberships[0]
  if (chosen === undefined) throw new SignInRefused('not_admitted', 'The person is in no workspace.')
  return { userId, workspaceId: chosen.workspaceId }
}

/** Makes someone a member of the wanted workspace who is none yet and may join it. Answers whether it did. */
async function join(
  tx: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  userId: string,
  workspaceId: string,
): Promise<boolean> {
  const memberships = await listMemberships(tx.db, userId)
  if (memberships.some((each) => each.workspaceId === workspaceId)) return false
  const role = await roleFor(tx, provider, identity, workspaceId)
  if (role === undefined) return false
  await saveMembership(tx.db, { workspaceId, userId, ...role, managedBy: provider.id }, tx.clock.now())
  await auditRuled(tx, 'member.added', provider, { workspaceId, userId }, { after: role })
  const data = { providerId: provider.id, ...role }
  await emit(tx, { type: 'member-joined', workspaceId, subjectId: userId, data })
  return true
}

/**
 * The role with which someone who is not in a workspace may join it: by a rule, by a verified address of its domains, or
 * because everyone may. Undefined when they may not.
 */
export async function roleFor(
  platform: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  workspaceId: string,
): Promise<MembershipRole | undefined> {
  const firstId = await getFirstWorkspaceId(platform.db)
  const rules = await rulesOf(platform, provider, workspaceId)
  const role = await roleByRules(platform, workspaceId, rules, identity)
  if (role !== undefined) return role
  const usual = provider.defaultRole ?? (rules.some(givesRole) ? undefined : 'member')
  const fallback = usual && { role: usual, roleId: null }
  const isFirst = workspaceId === firstId
  if (isFirst && provider.source === 'environment' && platform.config.identity.signup === 'open') return fallback
  const policy = await findPolicyRow(platform.db, workspaceId)
  const operators = isFirst && provider.source === 'environment' ? platform.config.identity.signIn.domains : []
  const admitted = isOfDomain(provider, identity, [...(policy?.domains ?? []), ...operators])
  return admitted ? fallback : undefined
}

/** Whether the provider stands for an address at one of the domains. */
function isOfDomain(provider: KnownProvider, identity: ProvenIdentity, domains: readonly string[]): boolean {
  if (identity.email === null || !identity.emailVerified) return false
  if (domains.includes('*')) return true
  const domain = identity.email.slice(identity.email.lastIndexOf('@') + 1)
  if (!domains.includes(domain)) return false
  // Google lets people keep an account under the address of a company that they left; `hd` says that the company has it.
  return provider.kind !== 'google' || domain === 'gmail.com' || identity.claims.hd === domain
}

/** Of a person's workspaces those that the provider can sign in to. */
async function reachable(tx: Platform, { workspaceId: onlyId }: KnownProvider, userId: string) {
  const all = await listMemberships(tx.db, userId)
  return onlyId === null ? all : all.filter(({ workspaceId }) => workspaceId === onlyId)
}
