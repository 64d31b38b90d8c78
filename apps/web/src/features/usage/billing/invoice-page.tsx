import type { Invoice, InvoiceDraft } from '@parley/contract'
import { Badge, Button, Callout, EmptyState, Skeleton } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { ArrowLeft, Download, Printer, ReceiptText } from 'lucide-react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { formatDate } from '../../shell/format.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { formatMonth } from './format-money.ts'
import { InvoiceLines } from './invoice-lines.tsx'
import { getDraft, getInvoice } from './read-billing.ts'

/** Settings → Billing → an invoice; can be printed as it stands. */
export function InvoicePage() {
  const { id = '' } = useParams({ strict: false })
  const invoice = useQuery(getInvoice(id))
  useTitle(invoice.data ? `Invoice ${invoice.data.number}` : 'Invoice')
  return (
    <Frame error={invoice.error} isPending={invoice.isPending}>
      {invoice.data && <Paper invoice={invoice.data} number={invoice.data.number} issuedAt={invoice.data.issuedAt} />}
    </Frame>
  )
}

/** Settings → Billing → the running month. */
export function DraftPage() {
  useTitle('This month so far')
  const draft = useQuery({ ...getDraft, refetchInterval: 30_000 })
  return (
    <Frame error={draft.error} isPending={draft.isPending}>
      {draft.data && <Paper invoice={draft.data} />}
    </Frame>
  )
}

function Frame({ error, isPending, children }: { error: Error | null; isPending: boolean; children: React.ReactNode }) {
  return (
    <>
      <Link
        to="/settings/billing"
        className="mb-3 inline-flex items-center gap-1.5 text-sm text-text-muted hover:text-text print:hidden"
      >
        <ArrowLeft aria-hidden="true" className="size-4 rtl:rotate-180" /> Billing
      </Link>
      {isPending && <Skeleton />}
      {error && <Callout tone="danger">{explainError(error)}</Callout>}
      {children}
    </>
  )
}

/** With a number it is an invoice, without one a draft. */
function Paper({ invoice, number, issuedAt }: { invoice: Invoice | InvoiceDraft; number?: string; issuedAt?: string }) {
  const { month, periodStart, periodEnd, timeZone, workspaceName, issuer, lines } = invoice
  const facts = [
    ...(issuedAt === undefined ? [] : [{ label: 'Issued', value: formatDate(issuedAt) }]),
    { label: 'For', value: workspaceName },
    { label: 'Period', value: `${day(periodStart, timeZone)} – ${day(periodEnd, timeZone, -1)}` },
    { label: 'Time zone', value: timeZone.replaceAll('_', ' ') },
  ]
  return (
    <article className="flex flex-col gap-6">
      <header className="flex flex-wrap items-start justify-between gap-4">
        <div className="min-w-0">
          <h1 className="flex flex-wrap items-center gap-3 font-display text-3xl tracking-tight">
            {number === undefined ? formatMonth(month) : `Invoice ${number}`}
            {number === undefined && <Badge tone="accent">So far</Badge>}
          </h1>
          <p className="mt-2 text-text-muted">
            {number === undefined
              ? 'The fee of the whole month, and the calls until now. The invoice is made when the month is over.'
              : formatMonth(month)}
          </p>
        </div>
        {'id' in invoice && (
          <div className="flex flex-wrap gap-2 print:hidden">
            <Button onClick={() => window.print()}>
              <Printer aria-hidden="true" /> Print
            </Button>
            <a
              href={parley.billing.exportUrl(invoice.id)}
              download
              className="inline-flex h-10 items-center gap-2 rounded-md border border-border-strong/60 bg-raised px-4 font-medium text-sm hover:border-border-strong hover:bg-surface"
            >
              <Download aria-hidden="true" className="size-4" /> CSV
            </a>
          </div>
        )}
      </header>
      <Panel className="p-5 print:border-0 print:p-0 print:shadow-none">
        {issuer !== '' && <p className="mb-5 whitespace-pre-line font-medium">{issuer}</p>}
        <dl className="grid gap-x-6 gap-y-4 text-sm sm:grid-cols-2">
          {facts.map(({ label, value }) => (
            <div key={label} className="min-w-0">
              <dt className="text-text-muted">{label}</dt>
              <dd className="break-words">{value}</dd>
            </div>
          ))}
        </dl>
      </Panel>
      <Panel className="p-2 print:border-0 print:p-0 print:shadow-none">
        {lines.length === 0 ? (
          <EmptyState icon={<ReceiptText />} title="Nothing yet">
            The plan has no price here, and no model was called in this month.
          </EmptyState>
        ) : (
          <InvoiceLines invoice={invoice} />
        )}
      </Panel>
    </article>
  )
}

/** A date on the workspace's calendar; with `shiftMs` the moment before, as a period ends when the next begins. */
function day(at: string, timeZone: string, shiftMs = 0): string {
  return new Date(Date.parse(at) + shiftMs).toLocaleDateString(undefined, { timeZone, dateStyle: 'medium' })
}
