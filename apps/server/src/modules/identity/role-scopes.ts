import { type Role, type Scope, scopes } from '@parley/contract'

const reads: Scope[] = ['conversations:read', 'files:read', 'models:read', 'tools:read', 'account:read', 'people:read']

/** Administration: a key gets these only when they are named. */
export const administrative: ReadonlySet<Scope> = new Set<Scope>([
  'keys:manage',
  'people:manage',
  'workspace:manage',
  'usage:manage',
])

const scopesByRole: Record<Role, ReadonlySet<Scope>> = {
  owner: new Set(scopes),
  admin: new Set(scopes),
  member: new Set<Scope>([...reads, 'conversations:write', 'files:write', 'tools:call', 'keys:manage']),
  viewer: new Set(reads),
}

/** All that a role may do. */
export function scopesOf(role: Role): ReadonlySet<Scope> {
  return scopesByRole[role]
}

/** Those of `asked` that are also `allowed`, in the contract's order. */
export function commonScopes(asked: Iterable<Scope>, allowed: ReadonlySet<Scope>): Scope[] {
  const wanted = new Set(asked)
  return scopes.filter((scope) => wanted.has(scope) && allowed.has(scope))
}
