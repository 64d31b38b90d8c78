import { scopesOfMember } from '../access.ts'
import type { RoleChange } from '../groups/apply-group-roles.ts'
import type { ScimCtx } from './scim-ctx.ts'
import { ScimError } from './scim-error.ts'
import { type HeldRole, withScopes } from './user-store.ts'

/**
 * Nobody gives by way of a directory what they did not have themselves; and a directory makes no owners.
 * @throws ScimError 403
 */
export function requireGrantable({ makerScopes }: ScimCtx, role: HeldRole): void {
  if (role.role !== 'owner' && allows(makerScopes, role)) return
  throw new ScimError(403, undefined, 'This token cannot give that role: its maker could not. Give it in Parley.')
}

/** @throws ScimError 403 for people who may do more than the token's maker might */
export function requireManageable({ makerRole, makerScopes }: ScimCtx, held: HeldRole): void {
  if (held.role === 'owner' && makerRole !== 'owner') {
    throw new ScimError(403, undefined, 'Only a token made by an owner may change an owner.')
  }
  if (allows(makerScopes, held)) return
  throw new ScimError(403, undefined, 'This token may not change people who may do more than its maker could.')
}

/**
 * The same for roles that groups gave or took away: whoever fills a group gives its role.
 * @throws ScimError 403
 */
export async function requireMakerCould(tx: ScimCtx, changes: readonly Omit<RoleChange, 'userId'>[]): Promise<void> {
  for (const { before, after } of changes) {
    const [was, is] = [await withScopes(tx.db, tx.workspaceId, before), await withScopes(tx.db, tx.workspaceId, after)]
    if (allows(tx.makerScopes, was) && allows(tx.makerScopes, is)) continue
    throw new ScimError(
      403,
      undefined,
      'This group gives a role that the maker of this token could not give. Let somebody who may make the token anew.',
    )
  }
}

function allows(makerScopes: ScimCtx['makerScopes'], role: HeldRole): boolean {
  return [...scopesOfMember(role)].every((scope) => makerScopes.has(scope))
}
