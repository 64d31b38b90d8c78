import type { Role } from '@parley/contract'
import type { ColumnType, Generated } from 'kysely'

interface WorkspacesTable {
  id: string
  name: string
  createdAt: Date
}

interface UsersTable {
  id: string
  /** Lower case, unique. */
  email: string
  name: string
  /** A service account is a program: it has API keys and cannot sign in. */
  kind: Generated<'person' | 'service'>
  /** argon2id; null for people who sign in some other way. */
  passwordHash: string | null
  /** When the person showed that the address is theirs: by a link mailed to it, or by the word of a provider. */
  emailVerifiedAt: ColumnType<Date | null, Date | null | undefined, Date | null>
  /** The workspace whose directory made the account, and may change its address and name. */
  provisionedBy: ColumnType<string | null, string | null | undefined, string | null>
  createdAt: Date
  updatedAt: Date
}

interface MembershipsTable {
  workspaceId: string
  userId: string
  /** `viewer` for who has a custom role. */
  role: Role
  /** The custom role, which says what may be done in place of `role`. */
  roleId: ColumnType<string | null, string | null | undefined, string | null>
  /** The role that they have besides, while a group gives the one above; null while none does. */
  ownRole: ColumnType<Role | null, Role | null | undefined, Role | null>
  ownRoleId: ColumnType<string | null, string | null | undefined, string | null>
  /** The identity provider whose rules gave it; null where a person did. */
  managedBy: ColumnType<string | null, string | null | undefined, string | null>
  createdAt: Date
  /** When the person last signed in to it, or switched to it. */
  lastUsedAt: ColumnType<Date | null, Date | null | undefined, Date | null>
}

interface SessionsTable {
  id: string
  userId: string
  /** The workspace that the session is in when a request names none. */
  workspaceId: string
  /** Of the cookie's value. */
  tokenHash: string
  /** Of the part that all refresh tokens of the session share: a known family with another token is an old token. */
  refreshFamilyHash: string
  /** Of the one refresh token that is good now. */
  refreshHash: string
  userAgent: string | null
  address: string | null
  createdAt: Date
  lastUsedAt: Date
  expiresAt: Date
  /** When the person last proved who they are in this session. */
  provenAt: Date | null
  /** When they proved it with a second factor. */
  secondFactorAt: Date | null
  /** How they signed in. */
  method: string | null
  /** Of the browser at the last use, as it says: `Europe/Berlin`. */
  timeZone: string | null
  /** Of the refresh token before the one that is good now, and when it was traded. */
  previousRefreshHash: string | null
  rotatedAt: Date | null
  /** The identity provider it began through. */
  providerId: string | null
  /** The one workspace it is good for; null for all of the person's. */
  onlyWorkspaceId: string | null
  /** What the provider said, to sign out there as well. */
  sealedIdToken: string | null
}

/** Browsers in which a person signed in before. */
interface KnownBrowsersTable {
  userId: string
  browserHash: string
  createdAt: Date
  lastSignInAt: Date
}

interface InstallationSettingsTable {
  name: string
  value: ColumnType<unknown, string, string>
  updatedAt: Date
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    workspaces: WorkspacesTable
    users: UsersTable
    memberships: MembershipsTable
    sessions: SessionsTable
    knownBrowsers: KnownBrowsersTable
    installationSettings: InstallationSettingsTable
  }
}
