import type { Invoice, InvoiceDraft, InvoiceSummary } from '@parley/contract'
import { z } from 'zod'
import type { Ctx } from '../../../platform/context.ts'
import { notFound } from '../../../platform/errors.ts'
import { decodeCursor, encodeCursor } from '../../../platform/http/index.ts'
import { drawUp, nextPeriod } from './draw-up.ts'
import * as store from './store.ts'

/** Invoices of the actor's workspace, newest first. */
export async function listInvoices(
  ctx: Ctx,
  page: { limit: number; cursor?: string | undefined },
): Promise<{ data: InvoiceSummary[]; nextCursor: string | null }> {
  const before = page.cursor === undefined ? undefined : decodeCursor(z.int32().min(1), page.cursor)
  const rows = await store.listInvoices(ctx.db, ctx.actor.workspaceId, { limit: page.limit + 1, before })
  const more = rows.length > page.limit
  if (more) rows.pop()
  const last = rows.at(-1)
  return { data: rows.map(presentHead), nextCursor: more && last ? encodeCursor(last.number) : null }
}

/** @throws AppError not_found */
export async function getInvoice(ctx: Ctx, id: string): Promise<Invoice> {
  const row = await store.findInvoice(ctx.db, ctx.actor.workspaceId, id)
  if (row === undefined) throw notFound('invoice')
  return { ...presentHead(row), lines: row.lines }
}

/** The first month that has no invoice yet, as it stands. */
export async function getDraft(ctx: Ctx): Promise<InvoiceDraft> {
  const { workspaceId } = ctx.actor
  return drawUp(ctx, workspaceId, await nextPeriod(ctx, workspaceId))
}

type Head = Omit<store.InvoiceRow, 'lines' | 'workspaceId'>

function presentHead(row: Head): InvoiceSummary {
  const { id, number, month, timeZone, workspaceName, issuer, totalMicroUsd, usageCostMicroUsd } = row
  return {
    id,
    number: `INV-${String(number).padStart(6, '0')}`,
    issuedAt: row.issuedAt.toISOString(),
    month,
    periodStart: row.periodStart.toISOString(),
    periodEnd: row.periodEnd.toISOString(),
    timeZone,
    workspaceName,
    issuer,
    totalMicroUsd,
    usageCostMicroUsd,
  }
}
