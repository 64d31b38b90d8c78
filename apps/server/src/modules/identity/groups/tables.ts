import type { Role } from '@parley/contract'
import type { ColumnType } from 'kysely'

interface GroupsTable {
  id: string
  workspaceId: string
  /** Unique in the workspace, whatever its case. */
  name: string
  description: string
  /** What a directory calls it; unique in the workspace. */
  externalId: string | null
  /** The role that whoever is in it has: built-in, or `viewer` beside a custom one. Null for nearly all groups. */
  givenRole: ColumnType<Role | null, Role | null | undefined, Role | null>
  givenRoleId: ColumnType<string | null, string | null | undefined, string | null>
  createdAt: Date
  updatedAt: Date
}

interface GroupMembersTable {
  groupId: string
  workspaceId: string
  userId: string
  createdAt: Date
  /** The identity provider whose rules put them in; null where a person or a directory did. */
  managedBy: ColumnType<string | null, string | null | undefined, string | null>
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    groups: GroupsTable
    groupMembers: GroupMembersTable
  }
}
