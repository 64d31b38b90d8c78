import type { Db } from '../../../platform/database/index.ts'
import type { HeldRole } from '../access.ts'
import type { MembershipRole } from '../roles/store.ts'
import './tables.ts'

/** Addresses of service accounts: under a domain that nobody can have (RFC 2606), so that no mail and no sign-in reaches them. */
const addressDomain = 'service-account.invalid'

export async function insertServiceAccount(
  db: Db,
  account: { id: string; workspaceId: string; name: string; description: string; createdBy: string },
  held: MembershipRole,
  now: Date,
): Promise<void> {
  const { id, workspaceId, name, description, createdBy } = account
  await db
    .insertInto('users')
    .values({
      id,
      name,
      email: `${id}@${addressDomain}`,
      kind: 'service',
      passwordHash: null,
      createdAt: now,
      updatedAt: now,
    })
    .execute()
  await db
    .insertInto('memberships')
    .values({ workspaceId, userId: id, ...held, createdAt: now })
    .execute()
  await db.insertInto('serviceAccounts').values({ userId: id, workspaceId, description, createdBy }).execute()
}

function accountsOf(db: Db, workspaceId: string) {
  return db
    .selectFrom('serviceAccounts')
    .innerJoin('users', 'users.id', 'serviceAccounts.userId')
    .innerJoin('memberships', (join) =>
      join
        .onRef('memberships.userId', '=', 'serviceAccounts.userId')
        .onRef('memberships.workspaceId', '=', 'serviceAccounts.workspaceId'),
    )
    .where('serviceAccounts.workspaceId', '=', workspaceId)
}

/** The accounts of a workspace with what their keys tell, newest first, older than `beforeId`. */
function described(db: Db, workspaceId: string, now: Date) {
  return accountsOf(db, workspaceId)
    .leftJoin('roles', 'roles.id', 'memberships.roleId')
    .leftJoin('users as maker', 'maker.id', 'serviceAccounts.createdBy')
    .select((account) => [
      'users.id',
      'users.name',
      'users.createdAt',
      'memberships.role',
      'memberships.roleId',
      'roles.name as roleName',
      'roles.scopes as roleScopes',
      'serviceAccounts.description',
      'maker.id as makerId',
      'maker.name as makerName',
      account
        .selectFrom('apiKeys')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .whereRef('apiKeys.userId', '=', 'users.id')
        .where('apiKeys.revokedAt', 'is', null)
        .where((or) => or.or([or('apiKeys.expiresAt', 'is', null), or('apiKeys.expiresAt', '>', now)]))
        .as('keyCount'),
      account
        .selectFrom('apiKeys')
        .select(({ fn }) => fn.max('apiKeys.lastUsedAt').as('lastUsedAt'))
        .whereRef('apiKeys.userId', '=', 'users.id')
        .as('lastUsedAt'),
    ])
    .orderBy('users.id', 'desc')
}

export type ServiceAccountRow = Awaited<ReturnType<typeof listServiceAccounts>>[number]

export function listServiceAccounts(
  db: Db,
  workspaceId: string,
  page: { limit: number; beforeId: string | undefined },
  now: Date,
) {
  const query = described(db, workspaceId, now).limit(page.limit)
  return (page.beforeId === undefined ? query : query.where('users.id', '<', page.beforeId)).execute()
}

export function findServiceAccount(db: Db, workspaceId: string, id: string, now: Date) {
  return described(db, workspaceId, now).where('users.id', '=', id).executeTakeFirst()
}

/** The account's role, if there is such an account in the workspace. */
export function findServiceAccountRole(db: Db, workspaceId: string, id: string): Promise<HeldRole | undefined> {
  return accountsOf(db, workspaceId)
    .leftJoin('roles', 'roles.id', 'memberships.roleId')
    .select(['memberships.role', 'roles.scopes as roleScopes'])
    .where('users.id', '=', id)
    .executeTakeFirst()
}

export async function updateServiceAccount(
  db: Db,
  id: string,
  { name, description }: { name?: string | undefined; description?: string | undefined },
  now: Date,
): Promise<void> {
  if (name !== undefined) await db.updateTable('users').set({ name, updatedAt: now }).where('id', '=', id).execute()
  if (description === undefined) return
  await db.updateTable('serviceAccounts').set({ description }).where('userId', '=', id).execute()
}

/** With everything that is of it: keys, conversations, files. */
export async function deleteServiceAccount(db: Db, id: string): Promise<void> {
  await db.deleteFrom('users').where('id', '=', id).where('kind', '=', 'service').execute()
}
