import type { Invoice, InvoiceDraft, InvoiceLine, PlanLine, UsageLine } from '@parley/contract'
import { formatCount, formatShort } from '../../shell/format.ts'
import { formatExactMoney, formatMoney } from './format-money.ts'

const head = 'px-3 py-2 text-end font-medium text-text-muted whitespace-nowrap'
const cell = 'px-3 py-2.5 text-end align-top tabular-nums whitespace-nowrap'
/** Figures that a phone has no room for beside the others: they stand below the name there. */
const wide = 'hidden sm:table-cell print:table-cell'
const name = 'px-3 py-2.5 text-start align-top font-normal'

/** What an invoice is made of: fees, then calls by model, then the sum. */
export function InvoiceLines({ invoice }: { invoice: Invoice | InvoiceDraft }) {
  const { lines, totalMicroUsd, usageCostMicroUsd } = invoice
  const unpriced = usageOf(lines).reduce((sum, line) => sum + line.unpricedCalls, 0)
  return (
    <div className="flex flex-col gap-3">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard. */}
      <section aria-label="Lines" tabIndex={0} className="overflow-x-auto rounded-md">
        <table className="w-full border-collapse text-sm">
          <caption className="sr-only">Lines</caption>
          <thead className="border-border border-b">
            <tr>
              <th scope="col" className="px-3 py-2 text-start font-medium text-text-muted">
                What for
              </th>
              <th scope="col" className={`${head} ${wide}`}>
                Calls
              </th>
              <th scope="col" className={`${head} ${wide}`}>
                Tokens in
              </th>
              <th scope="col" className={`${head} ${wide}`}>
                Tokens out
              </th>
              <th scope="col" className={head}>
                Cost
              </th>
              <th scope="col" className={head}>
                Amount
              </th>
            </tr>
          </thead>
          <tbody className="divide-y divide-border">
            {lines.map((line) =>
              line.kind === 'plan' ? (
                <PlanRow key={`${line.planId} ${line.collectedByStripe}`} line={line} />
              ) : (
                <UsageRow key={`${line.model} ${line.planId}`} line={line} />
              ),
            )}
          </tbody>
          <tfoot className="border-border-strong border-t">
            <tr>
              <th scope="row" className="px-3 py-3 text-start font-semibold">
                Total
              </th>
              <td colSpan={3} className={wide} />
              <td className={cell}>{formatExactMoney(usageCostMicroUsd)}</td>
              <td className={`${cell} font-semibold text-base`}>{formatMoney(totalMicroUsd)}</td>
            </tr>
          </tfoot>
        </table>
      </section>
      <p className="px-3 text-sm text-text-muted">
        Cost is what the providers’ prices come to. Amount is what is charged for it, in US dollars.
        {unpriced > 0 &&
          ` The price of ${formatCount(unpriced)} ${unpriced === 1 ? 'call' : 'calls'} is not known: they cost nothing here.`}
      </p>
    </div>
  )
}

function PlanRow({ line }: { line: PlanLine }) {
  const { name: plan, days, daysInMonth, people, monthlyPriceMicroUsd, collectedByStripe, amountMicroUsd } = line
  const parts = [
    `${formatMoney(monthlyPriceMicroUsd)} a month${people === null ? '' : ` for each of ${formatCount(people)} ${people === 1 ? 'person' : 'people'}`}`,
    ...(days < daysInMonth ? [`${days} of ${daysInMonth} days`] : []),
  ]
  return (
    <tr>
      <th scope="row" className={name}>
        Plan {plan}
        <span className="block text-text-muted">
          {collectedByStripe ? 'Paid by card through Stripe, which sends receipts of its own' : parts.join(' · ')}
        </span>
      </th>
      <td colSpan={3} className={wide} />
      <td />
      <td className={cell}>{formatMoney(amountMicroUsd)}</td>
    </tr>
  )
}

function UsageRow({ line }: { line: UsageLine }) {
  const { model, planId, calls, unpricedCalls, inputTokens, outputTokens, costMicroUsd, markupPercent } = line
  const charged =
    markupPercent === null ? 'Included in the plan' : markupPercent === 0 ? 'At cost' : `Cost plus ${markupPercent} %`
  return (
    <tr>
      <th scope="row" className={`${name} break-all sm:min-w-40`}>
        {model}
        <span className="block text-text-muted sm:hidden print:hidden">
          {formatCount(calls)} {calls === 1 ? 'call' : 'calls'} · {formatShort(inputTokens)} in ·{' '}
          {formatShort(outputTokens)} out
        </span>
        <span className="block text-text-muted">
          {charged}
          {planId !== null && <span className="sr-only">, on the plan {planId}</span>}
        </span>
      </th>
      <td className={`${cell} ${wide}`}>{formatCount(calls)}</td>
      <td className={`${cell} ${wide}`}>{formatCount(inputTokens)}</td>
      <td className={`${cell} ${wide}`}>{formatCount(outputTokens)}</td>
      <td className={cell}>{unpricedCalls === calls ? 'not known' : formatExactMoney(costMicroUsd)}</td>
      <td className={cell}>{formatMoney(line.amountMicroUsd)}</td>
    </tr>
  )
}

function usageOf(lines: InvoiceLine[]): UsageLine[] {
  return lines.filter((line): line is UsageLine => line.kind === 'usage')
}
