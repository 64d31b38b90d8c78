import type { KeyResources, Scope } from '@parley/contract'
import type { ColumnType } from 'kysely'
import type { StoredSigning } from './signing.ts'

export interface ApiKeysTable {
  id: string
  workspaceId: string
  userId: string
  name: string
  /** Of the present secret. */
  hash: string
  /** The first characters of the present secret, to recognise it by. */
  prefix: string
  scopes: ColumnType<Scope[], string, string>
  resources: ColumnType<KeyResources, string | undefined, string>
  /** Addresses and networks; empty: any. */
  allowedAddresses: ColumnType<string[], string | undefined, string>
  signing: ColumnType<StoredSigning | null, string | null | undefined, string | null>
  createdAt: Date
  rotatedAt: ColumnType<Date | null, Date | null | undefined, Date | null>
  lastUsedAt: Date | null
  lastUsedAddress: ColumnType<string | null, string | null | undefined, string | null>
  expiresAt: Date | null
  revokedAt: Date | null
  leakedAt: ColumnType<Date | null, Date | null | undefined, Date | null>
}

/** Secrets that a rotation replaced, and that are good for a while longer. */
interface ApiKeyFormerSecretsTable {
  hash: string
  keyId: string
  prefix: string
  signing: ColumnType<StoredSigning | null, string | null, string | null>
  goodUntil: Date
  lastUsedAt: Date | null
}

/** Signatures that were used: none counts twice. */
interface SignatureNoncesTable {
  keyId: string
  nonce: string
  goodUntil: Date
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    apiKeys: ApiKeysTable
    apiKeyFormerSecrets: ApiKeyFormerSecretsTable
    signatureNonces: SignatureNoncesTable
  }
}
