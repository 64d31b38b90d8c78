import type { Role, Scope } from '@parley/contract'
import type { ColumnType } from 'kysely'
import type { Resource } from './read-resource.ts'

interface ScimTokensTable {
  id: string
  workspaceId: string
  name: string
  hash: string
  /** The first characters, to recognise it by. */
  prefix: string
  /** Of the token before the last rotation, and until when it is still good. */
  previousHash: string | null
  previousUntil: Date | null
  /** What its maker was and might do: a directory gives and takes no more than that. */
  makerRole: Role
  makerScopes: ColumnType<Scope[], string, string>
  createdBy: string | null
  createdAt: Date
  rotatedAt: Date | null
  lastUsedAt: Date | null
  revokedAt: Date | null
}

/**
 * What a directory says of a person in one workspace. Who is active and has agreed has a membership besides; who is not has
 * none, and so is nowhere in.
 */
interface ScimUsersTable {
  workspaceId: string
  userId: string
  userName: string
  externalId: string | null
  active: boolean
  /** Null while someone whose account is older than this has not agreed yet. */
  acceptedAt: Date | null
  declinedAt: Date | null
  /** Of the link by which they agree. */
  offerHash: string | null
  offeredAt: Date | null
  /** The rest of the resource. */
  attributes: ColumnType<Resource, string, string>
  /** What they get back when they are let in (again). */
  heldRole: Role
  /** The custom role, if it still exists then. */
  heldRoleId: string | null
  /** The identity provider whose rules gave the role. */
  heldManagedBy: ColumnType<string | null, string | null | undefined, string | null>
  /** Ids of the groups they are put into then. Empty for who is in. */
  heldGroups: ColumnType<string[], string, string>
  createdAt: Date
  updatedAt: Date
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    scimTokens: ScimTokensTable
    scimUsers: ScimUsersTable
  }
}
