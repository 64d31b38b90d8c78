/** Sites whose pages may call the API of a workspace. */
interface WebOriginsTable {
  id: string
  workspaceId: string
  /** As browsers send it: `https://app.example.com`. */
  origin: string
  createdBy: string | null
  createdAt: Date
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    webOrigins: WebOriginsTable
  }
}

export type {}
