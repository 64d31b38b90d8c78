import { type Role, roles } from '@parley/contract'
import type { Ctx } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { scopesOf } from '../role-scopes.ts'

/** Whether the actor may give this role, or change or remove who has it: nobody gives what they do not have. */
export function mayGrant({ actor }: Ctx, role: Role): boolean {
  if (roles.indexOf(role) < roles.indexOf(actor.role)) return false
  // An API key may do less than the person it belongs to.
  return [...scopesOf(role)].every((scope) => actor.scopes.has(scope))
}

/**
 * Refuses to give a role above the actor's own, or to touch who has one.
 * @throws AppError forbidden
 */
export function requireGrantable(ctx: Ctx, role: Role): void {
  if (mayGrant(ctx, role)) return
  const who = ctx.actor.kind === 'api-key' ? 'This API key may do less than' : 'Your own role is below'
  throw new AppError('forbidden', `${who} ${role}, so that you cannot give that role, nor change or remove who has it.`)
}
