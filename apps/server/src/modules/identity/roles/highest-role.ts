import type { Role } from '@parley/contract'
import type { MembershipRole, RoleRow } from './store.ts'

/**
 * The one that counts of several roles that rules or groups give at once, by their ids or built-in names; undefined when
 * none of them is there. Custom ones come after admin and before member, as somebody made them for these people: first the
 * one that allows most, then by name.
 */
export function highestRole(given: readonly string[], custom: readonly RoleRow[]): MembershipRole | undefined {
  const builtIn = (role: Role) => (given.includes(role) ? { role, roleId: null } : undefined)
  const [own] = custom
    .filter(({ id }) => given.includes(id))
    .toSorted((a, b) => b.scopes.length - a.scopes.length || (a.name < b.name ? -1 : 1))
  const byOwn = own && { role: 'viewer' as const, roleId: own.id }
  return builtIn('owner') ?? builtIn('admin') ?? byOwn ?? builtIn('member') ?? builtIn('viewer')
}
