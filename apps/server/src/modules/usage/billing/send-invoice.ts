import type { InvoiceLine } from '@parley/contract'
import type { FastifyReply } from 'fastify'
import type { Ctx } from '../../../platform/context.ts'
import { csvLine } from '../ledger/csv.ts'
import { getInvoice } from './invoices.ts'

const columns = [
  'number',
  'month',
  'kind',
  'plan',
  'model',
  'days',
  'people',
  'calls',
  'unpricedCalls',
  'inputTokens',
  'cachedInputTokens',
  'outputTokens',
  'reasoningTokens',
  'costMicroUsd',
  'markupPercent',
  'collectedByStripe',
  'amountMicroUsd',
] as const
type Cells = Partial<Record<(typeof columns)[number], string | number | boolean | null>>

/** Sends the lines of an invoice as a file, one a row. @throws AppError not_found */
export async function sendInvoice(ctx: Ctx, id: string, reply: FastifyReply): Promise<void> {
  const { number, month, lines } = await getInvoice(ctx, id)
  const rows = lines.map((line): Cells => ({ number, month, ...cellsOf(line) }))
  const text = rows.map((cells) => csvLine(columns.map((column) => cells[column] ?? null)))
  reply
    .header('content-disposition', `attachment; filename="${number}.csv"`)
    .type('text/csv; charset=utf-8; header=present')
    .send([csvLine([...columns]), ...text].join(''))
}

function cellsOf(line: InvoiceLine): Cells {
  const { kind, amountMicroUsd } = line
  if (kind === 'plan') {
    const { planId: plan, days, people, collectedByStripe } = line
    return { kind, plan, days, people, collectedByStripe, amountMicroUsd }
  }
  const { planId: plan, kind: _, ...figures } = line
  return { kind, plan, ...figures }
}
