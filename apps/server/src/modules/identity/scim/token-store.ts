import type { Role, Scope } from '@parley/contract'
import type { Db } from '../../../platform/database/index.ts'
import '../tables.ts'
import './tables.ts'

/** The token in use, by its hash or by that of the token before a rotation. */
export async function findTokenByHash(db: Db, hash: string, now: Date) {
  const row = await db
    .selectFrom('scimTokens')
    .select(['id', 'workspaceId', 'makerRole', 'makerScopes', 'lastUsedAt', 'hash', 'previousUntil'])
    .where((where) => where.or([where('hash', '=', hash), where('previousHash', '=', hash)]))
    .where('revokedAt', 'is', null)
    .executeTakeFirst()
  if (row === undefined || (row.hash !== hash && (row.previousUntil === null || row.previousUntil <= now)))
    return undefined
  return row
}

export async function touchToken(db: Db, id: string, now: Date): Promise<void> {
  await db.updateTable('scimTokens').set({ lastUsedAt: now }).where('id', '=', id).execute()
}

const shown = [
  'scimTokens.id',
  'scimTokens.name',
  'scimTokens.prefix',
  'scimTokens.previousUntil',
  'scimTokens.createdAt',
  'scimTokens.rotatedAt',
  'scimTokens.lastUsedAt',
  'users.name as createdBy',
] as const

export type TokenRow = Awaited<ReturnType<typeof listTokens>>[number]

/** The tokens of a workspace that are not revoked, newest first. */
export function listTokens(db: Db, workspaceId: string) {
  return db
    .selectFrom('scimTokens')
    .leftJoin('users', 'users.id', 'scimTokens.createdBy')
    .select(shown)
    .where('scimTokens.workspaceId', '=', workspaceId)
    .where('scimTokens.revokedAt', 'is', null)
    .orderBy('scimTokens.id', 'desc')
    .execute()
}

export async function insertToken(
  db: Db,
  token: {
    id: string
    workspaceId: string
    name: string
    hash: string
    prefix: string
    makerRole: Role
    makerScopes: Scope[]
    createdBy: string
  },
  now: Date,
): Promise<void> {
  await db
    .insertInto('scimTokens')
    .values({
      ...token,
      makerScopes: JSON.stringify(token.makerScopes),
      previousHash: null,
      previousUntil: null,
      createdAt: now,
      rotatedAt: null,
      lastUsedAt: null,
      revokedAt: null,
    })
    .execute()
}

/** The token, for who changes it. */
export function lockToken(db: Db, workspaceId: string, id: string) {
  return db
    .selectFrom('scimTokens')
    .select(['id', 'hash', 'name', 'prefix'])
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .where('revokedAt', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

export async function replaceToken(
  db: Db,
  id: string,
  next: {
    hash: string
    prefix: string
    previousHash: string | null
    previousUntil: Date | null
    makerRole: Role
    makerScopes: Scope[]
    createdBy: string
  },
  now: Date,
): Promise<void> {
  await db
    .updateTable('scimTokens')
    .set({ ...next, makerScopes: JSON.stringify(next.makerScopes), rotatedAt: now })
    .where('id', '=', id)
    .execute()
}

export async function markTokenRevoked(db: Db, id: string, now: Date): Promise<void> {
  await db.updateTable('scimTokens').set({ revokedAt: now, previousHash: null }).where('id', '=', id).execute()
}
