interface GroupsTable {
  id: string
  workspaceId: string
  /** Unique in the workspace, whatever its case. */
  name: string
  description: string
  /** What a directory calls it; unique in the workspace. */
  externalId: string | null
  createdAt: Date
  updatedAt: Date
}

interface GroupMembersTable {
  groupId: string
  workspaceId: string
  userId: string
  createdAt: Date
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    groups: GroupsTable
    groupMembers: GroupMembersTable
  }
}

export type {}
