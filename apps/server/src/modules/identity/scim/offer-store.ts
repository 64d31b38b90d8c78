import { sql } from 'kysely'
import type { Db } from '../../../platform/database/index.ts'
import '../tables.ts'
import './tables.ts'

interface InWorkspace {
  workspaceId: string
  userId: string
}

export async function saveOffer(
  db: Db,
  { workspaceId, userId, offerHash }: InWorkspace & { offerHash: string },
  now: Date,
): Promise<void> {
  await change(db, { workspaceId, userId }, { offerHash, offeredAt: now, declinedAt: null })
}

/** The offer of a link, if it is for this person and still open; locked. */
export function findOffer(db: Db, offerHash: string, userId: string) {
  return db
    .selectFrom('scimUsers')
    .innerJoin('workspaces', 'workspaces.id', 'scimUsers.workspaceId')
    .select([
      'scimUsers.workspaceId',
      'workspaces.name as workspaceName',
      'scimUsers.heldRole',
      'scimUsers.heldRoleId',
      'scimUsers.offeredAt',
    ])
    .where('scimUsers.offerHash', '=', offerHash)
    .where('scimUsers.userId', '=', userId)
    .where('scimUsers.active', '=', true)
    .where('scimUsers.acceptedAt', 'is', null)
    .forUpdate('scimUsers')
    .executeTakeFirst()
}

export function markAccepted(db: Db, person: InWorkspace, now: Date): Promise<void> {
  return change(db, person, { acceptedAt: now, offerHash: null, updatedAt: now })
}

export function markDeclined(db: Db, person: InWorkspace, now: Date): Promise<void> {
  return change(db, person, { declinedAt: now, offerHash: null, updatedAt: now })
}

export async function getWorkspaceName(db: Db, id: string): Promise<string> {
  return (await db.selectFrom('workspaces').select('name').where('id', '=', id).executeTakeFirstOrThrow()).name
}

/** Somebody who is waited for, with the address of their account. */
export function lockWaiting(db: Db, workspaceId: string, userId: string) {
  return db
    .selectFrom('scimUsers')
    .innerJoin('users', 'users.id', 'scimUsers.userId')
    .select(['users.email', 'users.name', 'scimUsers.offeredAt'])
    .where('scimUsers.workspaceId', '=', workspaceId)
    .where('scimUsers.userId', '=', userId)
    .where('scimUsers.active', '=', true)
    .where('scimUsers.acceptedAt', 'is', null)
    .forUpdate('scimUsers')
    .executeTakeFirst()
}

/** People of the directory who are not in, by their last change; the name is the directory's word, not the account's. */
export function listOutside(
  db: Db,
  workspaceId: string,
  { limit, after }: { limit: number; after: [string, string] | undefined },
) {
  const query = db
    .selectFrom('scimUsers')
    .select(['userId', 'userName', 'active', 'declinedAt', 'offeredAt', 'updatedAt'])
    .select(
      sql<string>`coalesce("attributes" ->> 'displayName', "attributes" #>> '{name,formatted}', "userName")`.as('name'),
    )
    .where('workspaceId', '=', workspaceId)
    .where((where) => where.or([where('active', '=', false), where('acceptedAt', 'is', null)]))
    .orderBy('updatedAt', 'desc')
    .orderBy('userId', 'desc')
    .limit(limit)
  if (after === undefined) return query.execute()
  return query.where(sql<boolean>`("updatedAt", "userId") < (${after[0]}::timestamptz, ${after[1]}::uuid)`).execute()
}

async function change(
  db: Db,
  { workspaceId, userId }: InWorkspace,
  set: { [Name in 'acceptedAt' | 'declinedAt' | 'offeredAt' | 'updatedAt']?: Date | null } & {
    offerHash: string | null
  },
): Promise<void> {
  const { updatedAt, ...rest } = set
  await db
    .updateTable('scimUsers')
    .set({ ...rest, ...(updatedAt ? { updatedAt } : {}) })
    .where('workspaceId', '=', workspaceId)
    .where('userId', '=', userId)
    .execute()
}
