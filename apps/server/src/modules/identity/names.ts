import type { Ctx } from '../../platform/context.ts'

/** Name and address of people of the actor's workspace, by id; those who left are not among them. */
export async function namesOfPeople(ctx: Ctx, ids: string[]): Promise<Map<string, { name: string; email: string }>> {
  if (ids.length === 0) return new Map()
  const rows = await ctx.db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.userId')
    .select(['users.id', 'users.name', 'users.email'])
    .where('memberships.workspaceId', '=', ctx.actor.workspaceId)
    .where('users.id', 'in', ids)
    .execute()
  return new Map(rows.map(({ id, ...names }) => [id, names]))
}

/** Names of API keys of the actor's workspace, by id, revoked ones too. */
export async function namesOfApiKeys(ctx: Ctx, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await ctx.db
    .selectFrom('apiKeys')
    .select(['id', 'name'])
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}

const mostChoices = 1_000

/** API keys of the actor's workspace that are not revoked, by name. */
export function listApiKeyNames(ctx: Ctx): Promise<{ id: string; name: string }[]> {
  return ctx.db
    .selectFrom('apiKeys')
    .select(['id', 'name'])
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where('revokedAt', 'is', null)
    .orderBy('name')
    .limit(mostChoices)
    .execute()
}
