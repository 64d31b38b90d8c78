import type { ClaimRule } from '@parley/contract'
import type { Ctx } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { isBuiltIn, requireGrantable, scopesOf } from '../access.ts'
import { listGroupIds } from '../groups/store.ts'
import { listRoles } from '../roles/store.ts'

/**
 * Refuses rules that give what the actor could not give by hand: roles that may more than they, and groups where they may
 * not manage people. What is not there gives nothing.
 * @throws AppError forbidden
 */
export async function requireGivable(ctx: Ctx, rules: readonly ClaimRule[]): Promise<void> {
  const custom = await listRoles(ctx.db, ctx.actor.workspaceId)
  for (const id of new Set(rules.flatMap(({ role }) => role ?? []))) {
    if (isBuiltIn(id)) requireGrantable(ctx, { role: id, scopes: scopesOf(id) })
    else requireGrantable(ctx, { role: 'viewer', scopes: custom.find((role) => role.id === id)?.scopes ?? [] })
  }
  if (rules.some(({ groupId }) => groupId !== undefined) && !ctx.actor.scopes.has('people:manage')) {
    throw new AppError('forbidden', 'Rules that put people into groups are for those who may manage people.')
  }
}

/**
 * Refuses rules that name a role or a group that the workspace does not have.
 * @throws AppError invalid_request
 */
export async function requireKnown(ctx: Ctx, rules: readonly ClaimRule[]): Promise<void> {
  const { workspaceId } = ctx.actor
  const groupIds = rules.flatMap(({ groupId }) => groupId ?? [])
  const roles = new Set((await listRoles(ctx.db, workspaceId)).map(({ id }) => id))
  const groups = new Set(groupIds.length === 0 ? [] : await listGroupIds(ctx.db, workspaceId, groupIds))
  const fields = rules.flatMap(({ role, groupId }, at) => {
    if (role !== undefined && !isBuiltIn(role) && !roles.has(role)) {
      return [{ pointer: `/rules/${at}/role`, message: 'There is no such role any more.' }]
    }
    if (groupId === undefined || groups.has(groupId)) return []
    return [{ pointer: `/rules/${at}/groupId`, message: 'There is no such group any more.' }]
  })
  if (fields.length === 0) return
  throw new AppError('invalid_request', 'A rule gives a role or a group that is not there any more. Choose again.', {
    fields,
  })
}
