import type { InvoiceSummary } from '@parley/contract'
import { Button, Callout, EmptyState, Skeleton } from '@parley/ui'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ReceiptText } from 'lucide-react'
import { explainError } from '../../shell/explain-error.ts'
import { formatDate } from '../../shell/format.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { formatMoney, formatMonth } from './format-money.ts'
import { listInvoices } from './read-billing.ts'

/** Invoices of the workspace, newest first. */
export function InvoiceList() {
  const invoices = useInfiniteQuery(listInvoices)
  const rows = invoices.data?.pages.flatMap(({ data }) => data) ?? []
  return (
    <section aria-labelledby="invoices">
      <h2 id="invoices" className="mb-3 font-display text-xl">
        Invoices
      </h2>
      {invoices.isPending && <Skeleton />}
      {invoices.error && <Callout tone="danger">{explainError(invoices.error)}</Callout>}
      {invoices.data && rows.length === 0 && (
        <Panel>
          <EmptyState icon={<ReceiptText />} title="No invoices yet">
            The first one comes when the month is over.
          </EmptyState>
        </Panel>
      )}
      {rows.length > 0 && (
        <Panel>
          <ul className="divide-y divide-border">
            {rows.map((invoice) => (
              <InvoiceRow key={invoice.id} invoice={invoice} />
            ))}
          </ul>
          {invoices.hasNextPage && (
            <div className="border-border border-t p-3 text-center">
              <Button size="small" loading={invoices.isFetchingNextPage} onClick={() => invoices.fetchNextPage()}>
                Show more
              </Button>
            </div>
          )}
        </Panel>
      )}
    </section>
  )
}

function InvoiceRow({ invoice: { id, number, month, issuedAt, totalMicroUsd } }: { invoice: InvoiceSummary }) {
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-5 py-4 hover:bg-surface">
      <div className="min-w-0 flex-1 basis-40">
        <h3 className="font-medium">
          {/* The whole row leads there. */}
          <Link to="/settings/billing/$id" params={{ id }} className="after:absolute after:inset-0">
            {formatMonth(month)}
          </Link>
        </h3>
        <p className="text-sm text-text-muted">
          {number} · issued {formatDate(issuedAt)}
        </p>
      </div>
      <p className="font-medium tabular-nums">{formatMoney(totalMicroUsd)}</p>
    </li>
  )
}
