import { type Role, roles, type Scope, scopes } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'

const reads: Scope[] = [
  'conversations:read',
  'files:read',
  'models:read',
  'tools:read',
  'presets:read',
  'account:read',
  'people:read',
]

/** Administration: a key gets these only when they are named. */
export const administrative: ReadonlySet<Scope> = new Set<Scope>([
  'keys:manage',
  'people:manage',
  'workspace:manage',
  'usage:manage',
  'billing:manage',
  'audit:read',
  'audit:manage',
])

const scopesByRole: Record<Role, ReadonlySet<Scope>> = {
  owner: new Set(scopes),
  admin: new Set(scopes),
  member: new Set<Scope>([
    ...reads,
    'conversations:write',
    'files:write',
    'tools:call',
    'presets:write',
    'keys:manage',
  ]),
  viewer: new Set(reads),
}

/** The part of a membership that says what may be done. */
export interface HeldRole {
  role: Role
  /** Of the custom role; null for people with a built-in one. */
  roleScopes: Scope[] | null
}

/** All that a built-in role may do. */
export function scopesOf(role: Role): ReadonlySet<Scope> {
  return scopesByRole[role]
}

/** All that a member may do: what their custom role says, else their built-in one. Who they are, everyone may read. */
export function scopesOfMember({ role, roleScopes }: HeldRole): ReadonlySet<Scope> {
  return roleScopes === null ? scopesOf(role) : new Set(commonScopes([...roleScopes, 'account:read'], new Set(scopes)))
}

/** Those of `asked` that are also `allowed`, in the contract's order. */
export function commonScopes(asked: Iterable<Scope>, allowed: ReadonlySet<Scope>): Scope[] {
  const wanted = new Set(asked)
  return scopes.filter((scope) => wanted.has(scope) && allowed.has(scope))
}

/** Whether the text names a built-in role. */
export function isBuiltIn(id: string): id is Role {
  return (roles as readonly string[]).includes(id)
}

/**
 * Whether the actor may give this role to someone, or take it from them: all that it allows has to be theirs to give.
 * Owners may more than their scopes say (run programs on the server), so that only owners make owners.
 */
export function mayGrantRole({ actor }: Ctx, { role, scopes }: { role: Role; scopes: Iterable<Scope> }): boolean {
  if (role === 'owner' && actor.role !== 'owner') return false
  return [...scopes].every((scope) => actor.scopes.has(scope))
}

/**
 * Refuses to hand out, change or take away what the actor does not have.
 * @throws AppError forbidden
 */
export function requireGrantable(ctx: Ctx, role: { role: Role; scopes: Iterable<Scope> }): void {
  if (mayGrantRole(ctx, role)) return
  const missing = [...role.scopes].filter((scope) => !ctx.actor.scopes.has(scope))
  throw new AppError(
    'forbidden',
    missing.length > 0
      ? `You cannot give or change what you do not have yourself: ${missing.join(', ')}.`
      : 'Only an owner can make, change or remove an owner.',
  )
}
