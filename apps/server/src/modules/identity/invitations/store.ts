import type { Role } from '@parley/contract'
import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { Platform } from '../../../platform/context.ts'
import { hashToken } from '../../../platform/crypto/index.ts'
import type { Database, Db } from '../../../platform/database/index.ts'
import '../roles/tables.ts'
import '../tables.ts'
import './tables.ts'

export type InvitationRow = Selectable<Database['invitations']>

export interface NewInvitation {
  id: string
  workspaceId: string
  email: string | null
  role: Role
  roleId: string | null
  tokenHash: string
  sealedToken: string
  byMail: boolean
  maxUses: number
  invitedBy: string
  expiresAt: Date
  sentAt: Date | null
}

/** Answers false when an invitation for the same address is open. */
export async function insertInvitation(db: Db, invitation: NewInvitation, now: Date): Promise<boolean> {
  const row = await db
    .insertInto('invitations')
    .values({ ...invitation, createdAt: now, acceptedAt: null, revokedAt: null })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/** Invitations of a workspace with the name of whoever made each, newest first, older than `beforeId`. */
export function listInvitations(
  db: Db,
  workspaceId: string,
  page: { limit: number; beforeId: string | undefined; onlyOpen: boolean },
) {
  let query = selectInvitations(db).where('invitations.workspaceId', '=', workspaceId)
  if (page.onlyOpen) query = query.where('acceptedAt', 'is', null).where('revokedAt', 'is', null)
  if (page.beforeId !== undefined) query = query.where('invitations.id', '<', page.beforeId)
  return query.orderBy('invitations.id', 'desc').limit(page.limit).execute()
}

export function findInvitation(db: Db, workspaceId: string, id: string) {
  return selectInvitations(db)
    .where('invitations.workspaceId', '=', workspaceId)
    .where('invitations.id', '=', id)
    .executeTakeFirst()
}

function selectInvitations(db: Db) {
  return db
    .selectFrom('invitations')
    .leftJoin('users', 'users.id', 'invitations.invitedBy')
    .leftJoin('roles', 'roles.id', 'invitations.roleId')
    .selectAll('invitations')
    .select(['users.name as inviterName', 'roles.name as roleName'])
}

/** The invitation with this token, with what an accepting person wants to know, if it works now. */
export function findOpenInvitation(platform: Platform, token: string) {
  return openInvitations(platform).where('invitations.tokenHash', '=', hashToken(token)).executeTakeFirst()
}

/** The same by its id, locked: two people do not take the last use of it. */
export function lockOpenInvitation(tx: Platform, by: { token: string } | { id: string }) {
  const query = openInvitations(tx).forUpdate('invitations')
  return (
    'id' in by
      ? query.where('invitations.id', '=', by.id)
      : query.where('invitations.tokenHash', '=', hashToken(by.token))
  ).executeTakeFirst()
}

function openInvitations({ db, clock }: Platform) {
  return db
    .selectFrom('invitations')
    .innerJoin('workspaces', 'workspaces.id', 'invitations.workspaceId')
    .leftJoin('users', 'users.id', 'invitations.invitedBy')
    .leftJoin('roles', 'roles.id', 'invitations.roleId')
    .selectAll('invitations')
    .select(['workspaces.name as workspaceName', 'users.name as inviterName', 'roles.name as roleName'])
    .where('invitations.acceptedAt', 'is', null)
    .where('invitations.revokedAt', 'is', null)
    .where('invitations.expiresAt', '>', clock.now())
}

export async function countUse(db: Db, id: string, now: Date): Promise<void> {
  await db
    .updateTable('invitations')
    .set({
      uses: sql`"uses" + 1`,
      acceptedAt: sql`case when "uses" + 1 >= "maxUses" then ${now}::timestamptz end`,
    })
    .where('id', '=', id)
    .execute()
}

/** Sent again: the same link, for longer. */
export async function markSent(db: Db, id: string, sent: { sentAt: Date | null; expiresAt: Date }): Promise<void> {
  await db.updateTable('invitations').set(sent).where('id', '=', id).execute()
}

/** Answers how many there were to revoke. */
export async function revokeInvitations(
  db: Db,
  workspaceId: string,
  which: { id: string } | { invitedBy: string } | { email: string } | { expiredEmail: string },
  now: Date,
): Promise<number> {
  let query = db
    .updateTable('invitations')
    .set({ revokedAt: now })
    .where('workspaceId', '=', workspaceId)
    .where('acceptedAt', 'is', null)
    .where('revokedAt', 'is', null)
  if ('id' in which) query = query.where('id', '=', which.id)
  else if ('invitedBy' in which) query = query.where('invitedBy', '=', which.invitedBy)
  else if ('email' in which) query = query.where('email', '=', which.email)
  else query = query.where('email', '=', which.expiredEmail).where('expiresAt', '<=', now)
  return (await query.returning('id').execute()).length
}

export async function countOpenInvitations(db: Db, workspaceId: string, now: Date): Promise<number> {
  const { count } = await db
    .selectFrom('invitations')
    .select((row) => row.fn.countAll<string>().as('count'))
    .where('workspaceId', '=', workspaceId)
    .where('acceptedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** How many open invitations give a custom role. */
export async function countInvitedTo(db: Db, roleId: string, now: Date): Promise<number> {
  const { count } = await db
    .selectFrom('invitations')
    .select((row) => row.fn.countAll<string>().as('count'))
    .where('roleId', '=', roleId)
    .where('acceptedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Has every invitation that gives a custom role give another one. */
export async function replaceInvitedRole(
  db: Db,
  roleId: string,
  next: Pick<InvitationRow, 'role' | 'roleId'>,
): Promise<void> {
  await db.updateTable('invitations').set(next).where('roleId', '=', roleId).execute()
}

/** Whether somebody with this address is in the workspace. */
export async function isMember(db: Db, workspaceId: string, email: string): Promise<boolean> {
  const row = await db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.userId')
    .select('users.id')
    .where('memberships.workspaceId', '=', workspaceId)
    .where('users.email', '=', email)
    .executeTakeFirst()
  return row !== undefined
}
