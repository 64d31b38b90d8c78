import type { ApiKey } from '@parley/contract'
import type { Platform } from '../../../platform/context.ts'
import { type ApiKeyRow, listFormerSecrets } from './store.ts'

/** Keys as they cross the wire, with their former secrets. `serviceAccountId`: the service account they are of. */
export async function presentKeys(
  platform: Platform,
  rows: ApiKeyRow[],
  serviceAccountId: string | null,
): Promise<ApiKey[]> {
  const ids = rows.map(({ id }) => id)
  const former = await listFormerSecrets(platform.db, ids, platform.clock.now())
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    serviceAccountId,
    prefix: row.prefix,
    scopes: row.scopes,
    resources: row.resources,
    allowedAddresses: row.allowedAddresses,
    signing: row.signing && {
      algorithm: row.signing.algorithm,
      publicKey: row.signing.algorithm === 'ed25519' ? row.signing.publicKey : null,
    },
    createdAt: row.createdAt.toISOString(),
    rotatedAt: row.rotatedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    lastUsedAddress: row.lastUsedAddress,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    leakedAt: row.leakedAt?.toISOString() ?? null,
    formerSecrets: former
      .filter(({ keyId }) => keyId === row.id)
      .map(({ prefix, goodUntil, lastUsedAt }) => ({
        prefix,
        goodUntil: goodUntil.toISOString(),
        lastUsedAt: lastUsedAt?.toISOString() ?? null,
      })),
  }))
}

/** One key. */
export async function presentKey(platform: Platform, row: ApiKeyRow, serviceAccountId: string | null): Promise<ApiKey> {
  const [key] = await presentKeys(platform, [row], serviceAccountId)
  return key!
}
