/** What is known of a service account beside its row in `users`, of kind `service`, and its membership. */
interface ServiceAccountsTable {
  userId: string
  workspaceId: string
  description: string
  createdBy: string | null
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    serviceAccounts: ServiceAccountsTable
  }
}

export type {}
