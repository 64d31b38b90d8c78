import { type Insertable, type Selectable, sql } from 'kysely'
import type { Db } from '../../../platform/database/index.ts'
import type { InvoicesTable } from './tables.ts'

export type InvoiceRow = Selectable<InvoicesTable>

/** Any number, the same in every release. */
const numbersLockKey = 727_565_461

/** Held to the end of the transaction: numbers are given one after the other. */
export async function lockNumbers(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(numbersLockKey)})`.execute(db)
}

export async function nextNumber(db: Db): Promise<number> {
  const { last } = await db
    .selectFrom('invoices')
    .select(({ fn }) => fn.max('number').as('last'))
    .executeTakeFirstOrThrow()
  return (last ?? 0) + 1
}

export async function insertInvoice(db: Db, row: Insertable<InvoicesTable>): Promise<void> {
  await db.insertInto('invoices').values(row).execute()
}

/** Invoices of a workspace, newest first, those before a number. */
export function listInvoices(
  db: Db,
  workspaceId: string,
  { limit, before }: { limit: number; before: number | undefined },
) {
  const query = db
    .selectFrom('invoices')
    .select(['id', 'number', 'workspaceName', 'issuer', 'month', 'periodStart', 'periodEnd', 'timeZone'])
    .select(['totalMicroUsd', 'usageCostMicroUsd', 'issuedAt'])
    .where('workspaceId', '=', workspaceId)
    .orderBy('number', 'desc')
    .limit(limit)
  return (before === undefined ? query : query.where('number', '<', before)).execute()
}

export function findInvoice(db: Db, workspaceId: string, id: string): Promise<InvoiceRow | undefined> {
  return db
    .selectFrom('invoices')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst()
}

export interface InvoicedUntil {
  month: string
  until: Date
}

export function findInvoicedUntil(db: Db, workspaceId: string): Promise<InvoicedUntil | undefined> {
  return db
    .selectFrom('invoicedUntil')
    .select(['month', 'until'])
    .where('workspaceId', '=', workspaceId)
    .executeTakeFirst()
}

export async function saveInvoicedUntil(db: Db, workspaceId: string, reached: InvoicedUntil): Promise<void> {
  await db
    .insertInto('invoicedUntil')
    .values({ workspaceId, ...reached })
    .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet(reached))
    .execute()
}

/** Workspaces that are invoiced until `at` or later. */
export async function listUpToDate(db: Db, at: Date): Promise<Set<string>> {
  const rows = await db.selectFrom('invoicedUntil').select('workspaceId').where('until', '>=', at).execute()
  return new Set(rows.map(({ workspaceId }) => workspaceId))
}
