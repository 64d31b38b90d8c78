import type { Role } from '@parley/contract'
import { inTransaction, type Platform } from '../../../platform/context.ts'
import type { Member } from '../add-person.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { getFirstWorkspaceId, lockOwnership } from '../store.ts'
import type { ProvenIdentity } from './identity.ts'
import { roleByRules } from './match-rules.ts'
import type { KnownProvider } from './providers.ts'
import { SignInRefused } from './refusal.ts'
import {
  countOwners,
  deleteMembership,
  findPolicyRow,
  listMemberships,
  listWorkspaceIds,
  saveMembership,
} from './store.ts'

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
    const byRules = await applyRules(tx, provider, identity, userId)
    const joined = await join(tx, provider, identity, userId, wantedId)
    return { changed: byRules || joined, memberships: await reachable(tx, provider, userId) }
  })
  if (changed) announceRevoked(platform, { userId })
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
  await saveMembership(tx.db, { workspaceId, userId, role, managedBy: provider.id }, tx.clock.now())
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
): Promise<Role | undefined> {
  const firstId = await getFirstWorkspaceId(platform.db)
  const rules = (await rulesByWorkspace(platform, provider)).get(workspaceId) ?? []
  const role = roleByRules(rules, identity.claims)
  if (role !== undefined) return role
  const fallback = provider.defaultRole ?? (rules.length === 0 ? 'member' : undefined)
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

/** Gives the roles that the rules say, and takes back those that they no longer do. Answers whether anything changed. */
async function applyRules(
  tx: Platform,
  provider: KnownProvider,
  identity: ProvenIdentity,
  userId: string,
): Promise<boolean> {
  let changed = false
  const memberships = await listMemberships(tx.db, userId)
  for (const [workspaceId, rules] of await rulesByWorkspace(tx, provider)) {
    const current = memberships.find((each) => each.workspaceId === workspaceId)
    const byRule = roleByRules(rules, identity.claims)
    const lapsed = byRule === undefined && current?.managedBy === provider.id
    const role = lapsed ? provider.defaultRole : byRule
    if (role === undefined || (current?.role === role && current.roleId === null)) continue
    if (current === undefined && role === null) continue
    if (current?.role === 'owner') {
      // Owners are the rules' business only where these name owners; and the last one stays.
      if (!rules.some((rule) => rule.role === 'owner')) continue
      if ((await countOwners(tx.db, workspaceId)) <= 1) continue
    }
    if (role === null) await deleteMembership(tx.db, workspaceId, userId)
    else await saveMembership(tx.db, { workspaceId, userId, role, managedBy: provider.id }, tx.clock.now())
    changed = true
  }
  return changed
}

/** The rules by the workspace that each is about: a workspace's own provider speaks of that one alone. */
async function rulesByWorkspace(platform: Platform, provider: KnownProvider) {
  const byWorkspace = new Map<string, KnownProvider['rules']>()
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

/** Of a person's workspaces those that the provider can sign in to. */
async function reachable(tx: Platform, { workspaceId: onlyId }: KnownProvider, userId: string) {
  const all = await listMemberships(tx.db, userId)
  return onlyId === null ? all : all.filter(({ workspaceId }) => workspaceId === onlyId)
}
