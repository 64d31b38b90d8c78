interface GrantsTable {
  id: string
  workspaceId: string
  /** `conversation`, `mcp-server`, or what else modules share. */
  resourceKind: string
  /** Text: some resources have no UUID. */
  resourceId: string
  subjectKind: 'user' | 'group' | 'workspace'
  /** The subject, for `user`. */
  userId: string | null
  /** The subject, for `group`. */
  groupId: string | null
  /** 1 view, 2 use, 3 edit, 4 manage; each includes the ones below. */
  level: number
  /** Null when they are gone. */
  grantedBy: string | null
  createdAt: Date
}

/** Resources that everyone may use unless they are listed here; then only who has a grant. */
interface RestrictedResourcesTable {
  workspaceId: string
  resourceKind: string
  resourceId: string
  createdAt: Date
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    grants: GrantsTable
    restrictedResources: RestrictedResourcesTable
  }
}

export type {}
