import type { UsageReport } from '@parley/contract'
import { Callout, EmptyState, Select, Skeleton } from '@parley/ui'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ChartColumnStacked, ChevronRight, Download } from 'lucide-react'
import { useMemo, useState } from 'react'
import { explainError } from '../shell/explain-error.ts'
import { formatCost, formatCount, formatShort } from '../shell/format.ts'
import { Panel } from '../shell/settings-page.tsx'
import { fewGroups, groupUsage, type Metric } from './group-usage.ts'
import { UsageCalls } from './usage-calls.tsx'
import { UsageChart } from './usage-chart.tsx'
import { daysBetween, firstDay, ranges } from './usage-range.ts'
import { byDay, UsageTable } from './usage-table.tsx'

export interface UsageSource {
  /** Part of the keys of queries. */
  name: 'mine' | 'workspace'
  groupings: readonly { value: string; label: string }[]
  report: (query: { from: string; groupBy: string }, signal: AbortSignal) => Promise<UsageReport>
  exportPath: string
}

const metrics = [
  { value: 'cost', label: 'Cost' },
  { value: 'tokens', label: 'Tokens' },
  { value: 'calls', label: 'Calls' },
] as const
const formats: Record<Metric, (value: number) => string> = { cost: formatCost, tokens: formatShort, calls: formatShort }

/** Chart, figures, calls and export of usage, one's own or everyone's. */
export function UsageView({ source }: { source: UsageSource }) {
  const [range, setRange] = useState('30')
  const [groupBy, setGroupBy] = useState(source.groupings[0]!.value)
  const [metric, setMetric] = useState<Metric>('cost')
  const from = firstDay(Number(range))
  const report = useQuery({
    queryKey: ['usage', source.name, from, groupBy],
    queryFn: ({ signal }) => source.report({ from, groupBy }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })
  const { data } = report
  const days = useMemo(() => (data ? daysBetween(data.from, data.to) : []), [data])
  const groups = useMemo(
    () => (data ? groupUsage(data, days, metric, groupBy === 'key' ? 'Without a key' : 'Someone who left') : []),
    [data, days, metric, groupBy],
  )
  const shown = useMemo(() => fewGroups(groups), [groups])
  const grouping = source.groupings.find(({ value }) => value === groupBy)!
  return (
    <div className="flex flex-col gap-6">
      <div className="flex flex-wrap items-end gap-3">
        <Select
          label="Days"
          className="min-w-40"
          options={ranges}
          value={range}
          onChange={(event) => setRange(event.currentTarget.value)}
        />
        <Select
          label="By"
          className="min-w-32"
          options={source.groupings}
          value={groupBy}
          onChange={(event) => setGroupBy(event.currentTarget.value)}
        />
        <Select
          label="Shown"
          className="min-w-32"
          options={metrics}
          value={metric}
          onChange={(event) => setMetric(event.currentTarget.value as Metric)}
        />
        <div className="ms-auto flex gap-2">
          {(['csv', 'json'] as const).map((format) => (
            <a
              key={format}
              href={`${source.exportPath}?format=${format}&from=${from}`}
              download
              aria-label={`Export as ${format.toUpperCase()}`}
              className="inline-flex h-10 items-center gap-2 rounded-md border border-border-strong/60 bg-raised px-4 font-medium text-sm hover:border-border-strong hover:bg-surface [&_svg]:size-[1.15em]"
            >
              <Download aria-hidden="true" /> {format.toUpperCase()}
            </a>
          ))}
        </div>
      </div>
      {report.isPending && <Skeleton />}
      {report.error && <Callout tone="danger">{explainError(report.error)}</Callout>}
      {data && data.total.calls === 0 && (
        <EmptyState icon={<ChartColumnStacked />} title="No usage in these days">
          Every answer of a model is counted here, with what it cost.
        </EmptyState>
      )}
      {data && data.total.calls > 0 && (
        <>
          <Totals total={data.total} />
          <Panel className="p-5">
            <UsageChart
              days={days}
              groups={shown}
              metric={metric}
              format={formats[metric]}
              label={`${metrics.find(({ value }) => value === metric)!.label} by day and ${grouping.label.toLowerCase()}`}
            />
          </Panel>
          <Panel className="p-2">
            <UsageTable caption={grouping.label} groups={groups} colours={shown.length} />
            <details className="group/days border-border border-t">
              <summary className="flex items-center gap-2 rounded-md px-3 py-2.5 text-sm text-text-muted hover:text-text">
                <ChevronRight
                  aria-hidden="true"
                  className="size-4 transition-transform group-open/days:rotate-90 rtl:rotate-180"
                />
                By day
              </summary>
              <UsageTable caption="Day" groups={byDay(days, groups)} colours={0} />
            </details>
          </Panel>
          <UsageCalls source={source.name} from={from} />
          <p className="text-sm text-text-muted">
            Days begin at midnight in {data.timeZone}.
            {data.total.unpricedCalls > 0 &&
              ` The price of ${formatCount(data.total.unpricedCalls)} ${data.total.unpricedCalls === 1 ? 'call' : 'calls'} is not known: tokens count, cost does not.`}
          </p>
        </>
      )}
    </div>
  )
}

function Totals({ total }: { total: UsageReport['total'] }) {
  const items = [
    { label: 'Cost', value: formatCost(total.costMicroUsd) },
    { label: 'Tokens in', value: formatCount(total.inputTokens) },
    { label: 'Tokens out', value: formatCount(total.outputTokens) },
    { label: 'Calls', value: formatCount(total.calls) },
  ]
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
      {items.map(({ label, value }) => (
        <div key={label} className="rounded-lg border border-border bg-raised px-4 py-3 shadow-raised">
          <dt className="text-sm text-text-muted">{label}</dt>
          <dd className="mt-0.5 font-display text-2xl tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
