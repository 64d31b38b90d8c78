import type { InvoiceLine } from '@parley/contract'
import type { ColumnType } from 'kysely'

/** JSON is read parsed and written as text. */
type Json<T> = ColumnType<T, string, string>

/** Written once: a trigger refuses to change or delete a row. Outlives the workspace, as numbers have no gaps. */
export interface InvoicesTable {
  id: string
  number: number
  workspaceId: string
  workspaceName: string
  /** Whose invoice it is: name, address, tax number. */
  issuer: string
  month: string
  periodStart: Date
  periodEnd: Date
  timeZone: string
  lines: Json<InvoiceLine[]>
  totalMicroUsd: number
  usageCostMicroUsd: number
  issuedAt: Date
}

/** Until when a workspace is invoiced. The next invoice begins at that instant, whatever happens to the time zone. */
interface InvoicedUntilTable {
  workspaceId: string
  /** The last month that is closed: `2026-10`. */
  month: string
  until: Date
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    invoices: InvoicesTable
    invoicedUntil: InvoicedUntilTable
  }
}
