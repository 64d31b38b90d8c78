import type { Role } from '@parley/contract'
import { sql } from 'kysely'
import { newId } from '../../platform/crypto/index.ts'
import type { Db } from '../../platform/database/index.ts'
import { AppError } from '../../platform/errors.ts'
import type { HeldRole } from './access.ts'
import './oidc/tables.ts'
import './second-factor/tables.ts'
import './tables.ts'
import './roles/tables.ts'

/** Any number, the same in every release: acts that must not happen twice at once wait for one another on it. */
const ownerLockKey = 727_565_401

/** Held to the end of the transaction: whoever makes the first owner, or the link for it, does so alone. */
export async function lockOwnership(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(ownerLockKey)})`.execute(db)
}

export async function hasUsers(db: Db): Promise<boolean> {
  return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined
}

export interface NewUser {
  email: string
  name: string
  /** Null for people who sign in some other way. */
  passwordHash: string | null
  emailVerifiedAt?: Date | null
}

/** Answers the new person's id, or undefined when the address is taken. */
export async function insertUser(db: Db, user: NewUser, now: Date): Promise<string | undefined> {
  const row = await db
    .insertInto('users')
    .values({ id: newId(), ...user, createdAt: now, updatedAt: now })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id
}

export async function insertWorkspace(db: Db, name: string, now: Date): Promise<string> {
  const id = newId()
  await db.insertInto('workspaces').values({ id, name, createdAt: now }).execute()
  return id
}

/** The oldest workspace: where people who sign up by themselves go. */
export async function getFirstWorkspaceId(db: Db): Promise<string> {
  const row = await db.selectFrom('workspaces').select('id').orderBy('id').limit(1).executeTakeFirstOrThrow()
  return row.id
}

/** @throws AppError forbidden where a directory keeps the person out of the workspace */
export async function insertMembership(
  db: Db,
  membership: { workspaceId: string; userId: string; role: Role; managedBy?: string | null; roleId?: string | null },
  now: Date,
): Promise<void> {
  await db
    .insertInto('memberships')
    .values({ ...membership, createdAt: now })
    .execute()
    .catch(refuseKeptOut)
}

/** What the trigger on `memberships` raises, in words for people. */
export function refuseKeptOut(error: unknown): never {
  if ((error as { code?: string }).code !== '23514') throw error
  throw new AppError(
    'forbidden',
    'The directory of this workspace does not let this person in. Ask an admin of the workspace.',
    { cause: error },
  )
}

/** What a person may do in a workspace; undefined when they are not in it. */
export function findRole(db: Db, workspaceId: string, userId: string): Promise<HeldRole | undefined> {
  return db
    .selectFrom('memberships')
    .leftJoin('roles', 'roles.id', 'memberships.roleId')
    .select(['memberships.role', 'roles.scopes as roleScopes'])
    .where('memberships.workspaceId', '=', workspaceId)
    .where('memberships.userId', '=', userId)
    .executeTakeFirst()
}

/** For signing in: the hash, and the workspace to begin in, which is the one last used. */
export function findUserByEmail(db: Db, email: string) {
  return db
    .selectFrom('users')
    .select((user) => [
      'users.id',
      'users.passwordHash',
      user
        .selectFrom('memberships')
        .select('memberships.workspaceId')
        .whereRef('memberships.userId', '=', 'users.id')
        .orderBy('memberships.lastUsedAt', (order) => order.desc().nullsLast())
        .orderBy('memberships.createdAt')
        .limit(1)
        .as('workspaceId'),
    ])
    .where('users.email', '=', email)
    .where('users.kind', '=', 'person')
    .executeTakeFirst()
}

/** The workspace that a person signs in to: the one last used. Undefined when they are in none. */
export async function findWorkspaceOf(db: Db, userId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('memberships')
    .select('workspaceId')
    .where('userId', '=', userId)
    .orderBy('lastUsedAt', (order) => order.desc().nullsLast())
    .orderBy('createdAt')
    .limit(1)
    .executeTakeFirst()
  return row?.workspaceId
}

/** Held to the end of the transaction: changes to how this person signs in happen one after the other. */
export async function lockUser(db: Db, userId: string): Promise<void> {
  await db.selectFrom('users').select('id').where('id', '=', userId).forUpdate().executeTakeFirst()
}

export function getUser(db: Db, userId: string) {
  return db.selectFrom('users').select(['email', 'passwordHash']).where('id', '=', userId).executeTakeFirstOrThrow()
}

export async function getPasswordHash(db: Db, userId: string): Promise<string | null> {
  const row = await db.selectFrom('users').select('passwordHash').where('id', '=', userId).executeTakeFirstOrThrow()
  return row.passwordHash
}

export async function updateUser(
  db: Db,
  userId: string,
  changes: { name?: string; passwordHash?: string },
  now: Date,
): Promise<void> {
  await db
    .updateTable('users')
    .set({ ...changes, updatedAt: now })
    .where('id', '=', userId)
    .execute()
}

/** Whether this is still the hash of the person's password; it stays so until the transaction ends. */
export async function holdPassword(db: Db, userId: string, passwordHash: string | null): Promise<boolean> {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('passwordHash', '=', passwordHash)
    .forShare()
    .executeTakeFirst()
  return row !== undefined
}

/** The person with the workspace they act in; undefined when they are not in it. */
export function findMember(db: Db, workspaceId: string, userId: string) {
  return db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.userId')
    .innerJoin('workspaces', 'workspaces.id', 'memberships.workspaceId')
    .leftJoin('roles', 'roles.id', 'memberships.roleId')
    .select([
      'users.id',
      'users.email',
      'users.emailVerifiedAt',
      'users.name',
      'users.kind',
      'users.createdAt',
      'memberships.role',
      'memberships.roleId',
      'roles.name as roleName',
      'roles.scopes as roleScopes',
      'workspaces.id as workspaceId',
      'workspaces.name as workspaceName',
    ])
    .where('memberships.workspaceId', '=', workspaceId)
    .where('memberships.userId', '=', userId)
    .executeTakeFirst()
}

export interface NewSession {
  id: string
  userId: string
  workspaceId: string
  tokenHash: string
  refreshFamilyHash: string
  refreshHash: string
  userAgent: string | null
  address: string | null
  expiresAt: Date
  method: string
  provenAt: Date | null
  secondFactorAt: Date | null
  providerId: string | null
  onlyWorkspaceId: string | null
  sealedIdToken: string | null
  timeZone: string | null
}

/** Stores a session, and drops those of the same person that have expired. */
export async function insertSession(db: Db, session: NewSession, now: Date): Promise<void> {
  await db.deleteFrom('sessions').where('userId', '=', session.userId).where('expiresAt', '<=', now).execute()
  await db
    .insertInto('sessions')
    .values({ ...session, createdAt: now, lastUsedAt: now })
    .execute()
  await db
    .updateTable('memberships')
    .set({ lastUsedAt: now })
    .where('userId', '=', session.userId)
    .where('workspaceId', '=', session.workspaceId)
    .execute()
}

/**
 * The session, with the person's role in `workspaceId` (default: the session's own), null when not a member of it, and
 * what that workspace asks of a sign-in.
 */
export function findSession(db: Db, by: { tokenHash: string } | { id: string }, workspaceId: string | undefined) {
  const query = db
    .selectFrom('sessions')
    .leftJoin('memberships', (join) => {
      const ofUser = join.onRef('memberships.userId', '=', 'sessions.userId')
      return workspaceId === undefined
        ? ofUser.onRef('memberships.workspaceId', '=', 'sessions.workspaceId')
        : ofUser.on('memberships.workspaceId', '=', workspaceId)
    })
    .leftJoin('roles', 'roles.id', 'memberships.roleId')
    .leftJoin('signInPolicies', 'signInPolicies.workspaceId', 'memberships.workspaceId')
    .leftJoin('signInProviders', (join) =>
      join
        .onRef('signInProviders.workspaceId', '=', 'sessions.onlyWorkspaceId')
        .on(sql<boolean>`"signInProviders"."id"::text = "sessions"."providerId"`),
    )
    .leftJoin('secondFactorPolicies', (join) =>
      join
        .onRef('secondFactorPolicies.workspaceId', '=', 'memberships.workspaceId')
        .on('secondFactorPolicies.required', '=', true),
    )
    .select([
      'sessions.id',
      'sessions.userId',
      'sessions.workspaceId',
      'sessions.lastUsedAt',
      'sessions.expiresAt',
      'sessions.providerId',
      'signInProviders.id as ownProviderId',
      'sessions.onlyWorkspaceId',
      'sessions.secondFactorAt',
      'secondFactorPolicies.requiredFrom',
      'memberships.role',
      'roles.scopes as roleScopes',
      'signInPolicies.ssoOnly',
      'signInPolicies.ssoProviders',
    ])
  return (
    'id' in by ? query.where('sessions.id', '=', by.id) : query.where('sessions.tokenHash', '=', by.tokenHash)
  ).executeTakeFirst()
}

export async function touchSession(
  db: Db,
  id: string,
  use: { lastUsedAt: Date; expiresAt: Date; address?: string; userAgent?: string; timeZone?: string },
): Promise<void> {
  await db.updateTable('sessions').set(use).where('id', '=', id).execute()
}

/** Replaces the tokens of a session if `refreshHash` is the one that is good now; undefined if it is not. */
export function rotateSession(
  db: Db,
  by: { refreshFamilyHash: string; refreshHash: string },
  next: { tokenHash: string; refreshHash: string; expiresAt: Date },
  now: Date,
) {
  return db
    .updateTable('sessions')
    .set({ ...next, previousRefreshHash: by.refreshHash, rotatedAt: now, lastUsedAt: now })
    .where('refreshFamilyHash', '=', by.refreshFamilyHash)
    .where('refreshHash', '=', by.refreshHash)
    .where('expiresAt', '>', now)
    .returning(['id', 'userId', 'workspaceId'])
    .executeTakeFirst()
}

/** The session whose refresh token before the current one is `refreshHash`, if it was traded after `since`. */
export function findJustRotated(db: Db, by: { refreshFamilyHash: string; refreshHash: string }, since: Date) {
  return db
    .selectFrom('sessions')
    .select(['id', 'userId', 'workspaceId'])
    .where('refreshFamilyHash', '=', by.refreshFamilyHash)
    .where('previousRefreshHash', '=', by.refreshHash)
    .where('rotatedAt', '>', since)
    .executeTakeFirst()
}

/** Ends the session of a refresh token family; answers its id if there was one. */
export function deleteSessionFamily(db: Db, refreshFamilyHash: string): Promise<EndedSession | undefined> {
  return db
    .deleteFrom('sessions')
    .where('refreshFamilyHash', '=', refreshFamilyHash)
    .returning(['id', 'userId', 'workspaceId'])
    .executeTakeFirst()
}

/** Whose session it was, and where. */
interface EndedSession {
  id: string
  userId: string
  workspaceId: string
}

export function deleteSession(db: Db, id: string): Promise<EndedSession | undefined> {
  return db.deleteFrom('sessions').where('id', '=', id).returning(['id', 'userId', 'workspaceId']).executeTakeFirst()
}

/** Ends sessions of a person: one, all but one, or all; answers their ids. */
export async function deleteSessions(
  db: Db,
  userId: string,
  which: { id: string } | { exceptId: string } | 'all' = 'all',
): Promise<string[]> {
  let query = db.deleteFrom('sessions').where('userId', '=', userId)
  if (which !== 'all')
    query = 'id' in which ? query.where('id', '=', which.id) : query.where('id', '!=', which.exceptId)
  return (await query.returning('id').execute()).map(({ id }) => id)
}

/** A person's sessions that have not expired, last used first. */
export function listSessions(db: Db, userId: string, now: Date) {
  return db
    .selectFrom('sessions')
    .select(['id', 'userAgent', 'address', 'timeZone', 'secondFactorAt', 'createdAt', 'lastUsedAt', 'expiresAt'])
    .where('userId', '=', userId)
    .where('expiresAt', '>', now)
    .orderBy('lastUsedAt', 'desc')
    .orderBy('id', 'desc')
    .execute()
}

/** What was proven in a session, and when. */
export function findProof(db: Db, sessionId: string) {
  return db.selectFrom('sessions').select(['provenAt', 'secondFactorAt']).where('id', '=', sessionId).executeTakeFirst()
}

export async function markProven(db: Db, sessionId: string, now: Date): Promise<void> {
  await db.updateTable('sessions').set({ provenAt: now }).where('id', '=', sessionId).execute()
}

export async function findSetting(db: Db, name: string): Promise<unknown> {
  const row = await db.selectFrom('installationSettings').select('value').where('name', '=', name).executeTakeFirst()
  return row?.value
}

export async function saveSetting(db: Db, name: string, value: unknown, now: Date): Promise<void> {
  const row = { value: JSON.stringify(value), updatedAt: now }
  await db
    .insertInto('installationSettings')
    .values({ name, ...row })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
    .execute()
}

export async function deleteSetting(db: Db, name: string): Promise<void> {
  await db.deleteFrom('installationSettings').where('name', '=', name).execute()
}

/** Every workspace of the installation, the oldest first. */
export function listWorkspaceNames(db: Db): Promise<{ id: string; name: string; createdAt: Date }[]> {
  return db.selectFrom('workspaces').select(['id', 'name', 'createdAt']).orderBy('id').execute()
}

export function findWorkspace(db: Db, id: string): Promise<{ name: string; createdAt: Date } | undefined> {
  return db.selectFrom('workspaces').select(['name', 'createdAt']).where('id', '=', id).executeTakeFirst()
}

/** How many people are in a workspace; programs do not count. */
export async function countPeople(db: Db, workspaceId: string): Promise<number> {
  const { count } = await selectPeople(db, workspaceId)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** Names and addresses of those who own a workspace. */
export function listOwners(db: Db, workspaceId: string): Promise<{ id: string; name: string; email: string }[]> {
  return selectPeople(db, workspaceId)
    .select(['users.id', 'users.name', 'users.email'])
    .where('memberships.role', '=', 'owner')
    .orderBy('memberships.createdAt')
    .execute()
}

function selectPeople(db: Db, workspaceId: string) {
  return db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.userId')
    .where('memberships.workspaceId', '=', workspaceId)
    .where('users.kind', '=', 'person')
}
