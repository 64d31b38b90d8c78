import type { KeyResources, Scope } from '@parley/contract'
import type { Selectable } from 'kysely'
import type { Db } from '../../../platform/database/index.ts'
import type { StoredSigning } from './signing.ts'
import type { ApiKeysTable } from './tables.ts'

type Owner = { workspaceId: string; userId: string }
export type ApiKeyRow = Omit<Selectable<ApiKeysTable>, 'hash'>

const columns = [
  'id',
  'workspaceId',
  'userId',
  'name',
  'prefix',
  'scopes',
  'resources',
  'allowedAddresses',
  'signing',
  'createdAt',
  'rotatedAt',
  'lastUsedAt',
  'lastUsedAddress',
  'expiresAt',
  'revokedAt',
  'leakedAt',
] as const

/** A leaked key is shown for this long after it was revoked, so that people learn why it stopped working. */
const leakShownMs = 30 * 24 * 3600_000

const usedColumns = [
  'apiKeys.id',
  'apiKeys.userId',
  'apiKeys.workspaceId',
  'apiKeys.scopes',
  'apiKeys.resources',
  'apiKeys.allowedAddresses',
  'apiKeys.expiresAt',
  'apiKeys.revokedAt',
  'memberships.role',
  'roles.scopes as roleScopes',
] as const

/** The key with what its owner may do in its workspace now; undefined when they left it. */
export function findByHash(db: Db, hash: string) {
  return keysOfMembers(db)
    .select([...usedColumns, 'apiKeys.signing', 'apiKeys.lastUsedAt'])
    .where('apiKeys.hash', '=', hash)
    .executeTakeFirst()
}

/** The same by a secret that was replaced and is still good; it ends with the overlap, if the key does not end before. */
export async function findByFormerHash(db: Db, hash: string, now: Date) {
  const row = await keysOfMembers(db)
    .innerJoin('apiKeyFormerSecrets as former', 'former.keyId', 'apiKeys.id')
    .select([...usedColumns, 'former.signing', 'former.lastUsedAt', 'former.goodUntil'])
    .where('former.hash', '=', hash)
    .where('former.goodUntil', '>', now)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const { goodUntil, ...key } = row
  return { ...key, expiresAt: key.expiresAt === null || goodUntil < key.expiresAt ? goodUntil : key.expiresAt }
}

function keysOfMembers(db: Db) {
  return db
    .selectFrom('apiKeys')
    .innerJoin('memberships', (join) =>
      join
        .onRef('memberships.userId', '=', 'apiKeys.userId')
        .onRef('memberships.workspaceId', '=', 'apiKeys.workspaceId'),
    )
    .leftJoin('roles', 'roles.id', 'memberships.roleId')
}

/** What a key grants, whether or not it still works: for what it began earlier. */
export function findGrant(db: Db, id: string) {
  return db.selectFrom('apiKeys').select(['userId', 'scopes', 'resources']).where('id', '=', id).executeTakeFirst()
}

/** Notes a use; `formerHash` for one with a secret that was replaced. */
export async function touchKey(
  db: Db,
  use: { id: string; address: string; formerHash: string | undefined },
  now: Date,
): Promise<void> {
  const { id, address, formerHash } = use
  await db.updateTable('apiKeys').set({ lastUsedAt: now, lastUsedAddress: address }).where('id', '=', id).execute()
  if (formerHash === undefined) return
  await db.updateTable('apiKeyFormerSecrets').set({ lastUsedAt: now }).where('hash', '=', formerHash).execute()
}

export interface NewKey extends Owner {
  id: string
  name: string
  hash: string
  prefix: string
  scopes: Scope[]
  resources: KeyResources
  allowedAddresses: string[]
  signing: StoredSigning | null
  expiresAt: Date | null
}

export function insertKey(db: Db, { scopes, resources, allowedAddresses, signing, ...key }: NewKey, now: Date) {
  return db
    .insertInto('apiKeys')
    .values({
      ...key,
      scopes: JSON.stringify(scopes),
      resources: JSON.stringify(resources),
      allowedAddresses: JSON.stringify(allowedAddresses),
      signing: signing && JSON.stringify(signing),
      createdAt: now,
      lastUsedAt: null,
      revokedAt: null,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
}

export type KeyChange = Partial<
  Pick<NewKey, 'name' | 'scopes' | 'resources' | 'allowedAddresses' | 'expiresAt' | 'hash' | 'prefix' | 'signing'>
> & { rotatedAt?: Date }

export function updateKey(db: Db, id: string, change: KeyChange): Promise<ApiKeyRow> {
  const { scopes, resources, allowedAddresses, signing, ...plain } = change
  return db
    .updateTable('apiKeys')
    .set({
      ...plain,
      ...(scopes && { scopes: JSON.stringify(scopes) }),
      ...(resources && { resources: JSON.stringify(resources) }),
      ...(allowedAddresses && { allowedAddresses: JSON.stringify(allowedAddresses) }),
      ...(signing === undefined ? {} : { signing: signing && JSON.stringify(signing) }),
    })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow()
}

/** An owner's keys that are not revoked, or were because they leaked; newest first, older than `beforeId`. */
export function listKeys(db: Db, owner: Owner, page: { limit: number; beforeId: string | undefined }, now: Date) {
  const shownSince = new Date(now.getTime() - leakShownMs)
  const query = db
    .selectFrom('apiKeys')
    .select(columns)
    .where('workspaceId', '=', owner.workspaceId)
    .where('userId', '=', owner.userId)
    .where((or) => or.or([or('revokedAt', 'is', null), or('leakedAt', '>', shownSince)]))
    .orderBy('id', 'desc')
    .limit(page.limit)
  return (page.beforeId === undefined ? query : query.where('id', '<', page.beforeId)).execute()
}

/** A key of the workspace that is not revoked, with its hash, locked until the transaction ends. */
export function lockKey(db: Db, workspaceId: string, id: string) {
  return db
    .selectFrom('apiKeys')
    .select([...columns, 'hash'])
    .where('id', '=', id)
    .where('workspaceId', '=', workspaceId)
    .where('revokedAt', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

export function getKey(db: Db, id: string): Promise<ApiKeyRow> {
  return db.selectFrom('apiKeys').select(columns).where('id', '=', id).executeTakeFirstOrThrow()
}

export async function markRevoked(db: Db, id: string, now: Date, leaked = false): Promise<void> {
  await db
    .updateTable('apiKeys')
    .set({ revokedAt: now, ...(leaked && { leakedAt: now }) })
    .where('id', '=', id)
    .execute()
  await db.deleteFrom('apiKeyFormerSecrets').where('keyId', '=', id).execute()
}

/** Keeps a replaced secret for a while, and drops those whose time is over. */
export async function insertFormerSecret(
  db: Db,
  former: {
    hash: string
    keyId: string
    prefix: string
    signing: StoredSigning | null
    goodUntil: Date
    lastUsedAt: Date | null
  },
): Promise<void> {
  await db
    .insertInto('apiKeyFormerSecrets')
    .values({ ...former, signing: former.signing && JSON.stringify(former.signing) })
    .execute()
}

/** Former secrets of keys that are still good, newest first. */
export function listFormerSecrets(db: Db, keyIds: string[], now: Date) {
  if (keyIds.length === 0) return Promise.resolve([])
  return db
    .selectFrom('apiKeyFormerSecrets')
    .select(['keyId', 'prefix', 'goodUntil', 'lastUsedAt'])
    .where('keyId', 'in', keyIds)
    .where('goodUntil', '>', now)
    .orderBy('goodUntil', 'desc')
    .execute()
}

/** Ends all former secrets of a key. */
export async function deleteFormerSecrets(db: Db, keyId: string): Promise<void> {
  await db.deleteFrom('apiKeyFormerSecrets').where('keyId', '=', keyId).execute()
}

/** Ends one former secret; answers the id of its key if it was still good. */
export async function deleteFormerSecret(db: Db, hash: string, now: Date): Promise<string | undefined> {
  const row = await db
    .deleteFrom('apiKeyFormerSecrets')
    .where('hash', '=', hash)
    .returning(['keyId', 'goodUntil'])
    .executeTakeFirst()
  return row !== undefined && row.goodUntil > now ? row.keyId : undefined
}

/** Those of the hashes that are of keys which are not revoked, or of their former secrets. */
export async function findHashes(db: Db, hashes: string[]): Promise<string[]> {
  if (hashes.length === 0) return []
  const rows = await db
    .selectFrom('apiKeys')
    .select('hash')
    .where('hash', 'in', hashes)
    .where('revokedAt', 'is', null)
    .union(db.selectFrom('apiKeyFormerSecrets').select('hash').where('hash', 'in', hashes))
    .execute()
  return rows.map(({ hash }) => hash)
}

/** A key that is not revoked, by its present secret; locked until the transaction ends. */
export function lockKeyByHash(db: Db, hash: string) {
  return db
    .selectFrom('apiKeys')
    .select(['id', 'workspaceId'])
    .where('hash', '=', hash)
    .where('revokedAt', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

/** Whom to tell of a key: its owner, or who made the service account it is of; undefined when that person is gone. */
export function findKeeper(db: Db, keyId: string) {
  return db
    .selectFrom('apiKeys')
    .innerJoin('users as owner', 'owner.id', 'apiKeys.userId')
    .leftJoin('serviceAccounts', 'serviceAccounts.userId', 'owner.id')
    .innerJoin('users as keeper', (join) =>
      join.on((on) => on('keeper.id', '=', on.fn.coalesce('serviceAccounts.createdBy', 'owner.id'))),
    )
    .select(['apiKeys.name', 'apiKeys.prefix', 'owner.kind', 'owner.name as ownerName', 'keeper.email'])
    .where('apiKeys.id', '=', keyId)
    .where('keeper.kind', '=', 'person')
    .executeTakeFirst()
}

/** Whether the nonce was not used with this key before; it is from now on. */
export async function claimNonce(db: Db, use: { keyId: string; nonce: string; goodUntil: Date }): Promise<boolean> {
  const row = await db
    .insertInto('signatureNonces')
    .values(use)
    .onConflict((conflict) => conflict.doNothing())
    .returning('nonce')
    .executeTakeFirst()
  return row !== undefined
}

/** Forgets nonces and former secrets whose time is over. */
export async function pruneKeys(db: Db, now: Date): Promise<void> {
  await db.deleteFrom('signatureNonces').where('goodUntil', '<', now).execute()
  await db.deleteFrom('apiKeyFormerSecrets').where('goodUntil', '<', now).execute()
}
