import type { Role, SignInKind } from '@parley/contract'
import type { Insertable, Selectable, Updateable } from 'kysely'
import { newId } from '../../../platform/crypto/index.ts'
import type { Db } from '../../../platform/database/index.ts'
import { refuseKeptOut } from '../store.ts'
import '../tables.ts'
import './tables.ts'
import type { SignInProvidersTable } from './tables.ts'

export type ProviderRow = Selectable<SignInProvidersTable>

/** A workspace's own providers, oldest first. */
export function listProviderRows(db: Db, workspaceId: string): Promise<ProviderRow[]> {
  return db.selectFrom('signInProviders').selectAll().where('workspaceId', '=', workspaceId).orderBy('id').execute()
}

export function findProviderRow(db: Db, id: string): Promise<ProviderRow | undefined> {
  return db.selectFrom('signInProviders').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Undefined where the id is taken. */
export function insertProvider(db: Db, row: Insertable<SignInProvidersTable>): Promise<ProviderRow | undefined> {
  return db
    .insertInto('signInProviders')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
}

/** Undefined where the workspace has no such provider. */
export function updateProvider(
  db: Db,
  workspaceId: string,
  id: string,
  change: Updateable<SignInProvidersTable>,
): Promise<ProviderRow | undefined> {
  return db
    .updateTable('signInProviders')
    .set(change)
    .where('id', '=', id)
    .where('workspaceId', '=', workspaceId)
    .returningAll()
    .executeTakeFirst()
}

export async function deleteProvider(db: Db, workspaceId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('signInProviders')
    .where('id', '=', id)
    .where('workspaceId', '=', workspaceId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Ends the sessions that a provider began, and answers their ids. */
export async function deleteSessionsOf(db: Db, workspaceId: string, providerId: string): Promise<string[]> {
  const rows = await db
    .deleteFrom('sessions')
    .where('onlyWorkspaceId', '=', workspaceId)
    .where('providerId', '=', providerId)
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

export async function wasBegunThrough(db: Db, sessionId: string, providerId: string): Promise<boolean> {
  const query = db.selectFrom('sessions').select('id').where('id', '=', sessionId).where('providerId', '=', providerId)
  return (await query.executeTakeFirst()) !== undefined
}

export interface NewAccount {
  userId: string
  issuer: string
  subject: string
  kind: SignInKind
  providerId: string
  providerName: string
  label: string
}

/** Who signs in with this account there. */
export function findAccount(db: Db, issuer: string, subject: string) {
  return db
    .selectFrom('connectedAccounts')
    .selectAll()
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
}

/** Undefined where the account is someone's already. */
export function insertAccount(db: Db, account: NewAccount, now: Date) {
  return db
    .insertInto('connectedAccounts')
    .values({ ...account, id: newId(), createdAt: now, lastUsedAt: now })
    .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing())
    .returningAll()
    .executeTakeFirst()
}

export async function touchAccount(
  db: Db,
  id: string,
  change: { providerId: string; providerName: string; label: string },
  now: Date,
): Promise<void> {
  await db
    .updateTable('connectedAccounts')
    .set({ ...change, lastUsedAt: now })
    .where('id', '=', id)
    .execute()
}

export function listAccounts(db: Db, userId: string) {
  return db.selectFrom('connectedAccounts').selectAll().where('userId', '=', userId).orderBy('id').execute()
}

export async function deleteAccount(db: Db, userId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('connectedAccounts')
    .where('id', '=', id)
    .where('userId', '=', userId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

export function findPolicyRow(db: Db, workspaceId: string) {
  return db.selectFrom('signInPolicies').selectAll().where('workspaceId', '=', workspaceId).executeTakeFirst()
}

export async function savePolicyRow(
  db: Db,
  workspaceId: string,
  policy: { ssoOnly: boolean; ssoProviders: string[]; domains: string[] },
  now: Date,
): Promise<void> {
  const row = {
    ssoOnly: policy.ssoOnly,
    ssoProviders: JSON.stringify(policy.ssoProviders),
    domains: JSON.stringify(policy.domains),
    updatedAt: now,
  }
  await db
    .insertInto('signInPolicies')
    .values({ workspaceId, ...row })
    .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet(row))
    .execute()
}

/** The workspaces a person is in, with what each asks of a sign-in; the one last used first. */
export function listMemberships(db: Db, userId: string) {
  return db
    .selectFrom('memberships')
    .leftJoin('signInPolicies', 'signInPolicies.workspaceId', 'memberships.workspaceId')
    .select((member) => [
      'memberships.workspaceId',
      'memberships.role',
      'memberships.roleId',
      'memberships.ownRole',
      'memberships.ownRoleId',
      'memberships.managedBy',
      'signInPolicies.ssoOnly',
      'signInPolicies.ssoProviders',
      member
        .selectFrom('sessions')
        .select('sessions.lastUsedAt')
        .whereRef('sessions.userId', '=', 'memberships.userId')
        .whereRef('sessions.workspaceId', '=', 'memberships.workspaceId')
        .orderBy('sessions.lastUsedAt', 'desc')
        .limit(1)
        .as('lastUsedAt'),
    ])
    .where('memberships.userId', '=', userId)
    .orderBy('lastUsedAt', (order) => order.desc().nullsLast())
    .orderBy('memberships.createdAt')
    .execute()
}

export async function saveMembership(
  db: Db,
  membership: { workspaceId: string; userId: string; role: Role; roleId: string | null; managedBy: string | null },
  now: Date,
): Promise<void> {
  const { role, roleId, managedBy } = membership
  await db
    .insertInto('memberships')
    .values({ ...membership, createdAt: now })
    .onConflict((conflict) =>
      conflict
        .columns(['workspaceId', 'userId'])
        .doUpdateSet({ role, roleId, managedBy, ownRole: null, ownRoleId: null }),
    )
    .execute()
    .catch(refuseKeptOut)
}

/** The role that somebody has besides the one that a group gives them. */
export async function saveOwnRole(
  db: Db,
  membership: { workspaceId: string; userId: string; role: Role; roleId: string | null; managedBy: string | null },
): Promise<void> {
  const { workspaceId, userId, role, roleId, managedBy } = membership
  await db
    .updateTable('memberships')
    .set({ ownRole: role, ownRoleId: roleId, managedBy })
    .where('workspaceId', '=', workspaceId)
    .where('userId', '=', userId)
    .execute()
}

export async function deleteMembership(db: Db, workspaceId: string, userId: string): Promise<void> {
  await db.deleteFrom('memberships').where('workspaceId', '=', workspaceId).where('userId', '=', userId).execute()
}

export async function countOwners(db: Db, workspaceId: string): Promise<number> {
  const { count } = await db
    .selectFrom('memberships')
    .select((each) => each.fn.countAll<string>().as('count'))
    .where('workspaceId', '=', workspaceId)
    .where('role', '=', 'owner')
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Those of the ids that are workspaces. */
export async function listWorkspaceIds(db: Db, ids: string[]): Promise<string[]> {
  const rows = await db.selectFrom('workspaces').select('id').where('id', 'in', ids).execute()
  return rows.map(({ id }) => id)
}

/** Whether the actor's session is for one workspace alone, and the person is in others as well. */
export async function isElsewhere(db: Db, actor: { credentialId: string; userId: string }): Promise<boolean> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('memberships', 'memberships.userId', 'sessions.userId')
    .select('memberships.workspaceId')
    .where('sessions.id', '=', actor.credentialId)
    .where('sessions.onlyWorkspaceId', 'is not', null)
    .whereRef('memberships.workspaceId', '!=', 'sessions.onlyWorkspaceId')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** What is needed to sign out with the provider of a session as well. */
export function findIdToken(db: Db, sessionId: string) {
  return db
    .selectFrom('sessions')
    .select(['providerId', 'sealedIdToken', 'userId'])
    .where('id', '=', sessionId)
    .executeTakeFirst()
}

export async function listMemberIds(db: Db, workspaceId: string): Promise<string[]> {
  const rows = await db.selectFrom('memberships').select('userId').where('workspaceId', '=', workspaceId).execute()
  return rows.map(({ userId }) => userId)
}
