import { formatCost, formatCount } from '../shell/format.ts'
import { formatDay } from './format-amount.ts'
import type { UsageGroup } from './group-usage.ts'
import { Swatch } from './usage-chart.tsx'

const cell = 'px-3 py-2 text-end tabular-nums whitespace-nowrap'
const head = 'px-3 py-2 text-end font-medium text-text-muted whitespace-nowrap'

/** What each group used, largest first: the figures of the chart. */
export function UsageTable({ caption, groups, colours }: { caption: string; groups: UsageGroup[]; colours: number }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
    <section aria-label={caption} tabIndex={0} className="overflow-x-auto rounded-md">
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead className="border-border border-b">
          <tr>
            <th scope="col" className="px-3 py-2 text-start font-medium text-text-muted">
              {caption}
            </th>
            <th scope="col" className={head}>
              Cost
            </th>
            <th scope="col" className={head}>
              Input tokens
            </th>
            <th scope="col" className={head}>
              of it cached
            </th>
            <th scope="col" className={head}>
              Output tokens
            </th>
            <th scope="col" className={head}>
              Calls
            </th>
            <th scope="col" className={head}>
              Failed
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-border">
          {groups.map(({ id, name, total }, index) => (
            <tr key={id}>
              <th scope="row" className="px-3 py-2 text-start font-normal">
                {colours > 0 ? <Swatch index={Math.min(index, colours - 1)} text={name} /> : name}
              </th>
              <td className={cell}>
                {total.unpricedCalls === total.calls && total.calls > 0 ? 'not known' : formatCost(total.costMicroUsd)}
                {total.unpricedCalls > 0 && total.unpricedCalls < total.calls && ' +'}
              </td>
              <td className={cell}>{formatCount(total.inputTokens)}</td>
              <td className={cell}>{formatCount(total.cachedInputTokens)}</td>
              <td className={cell}>{formatCount(total.outputTokens)}</td>
              <td className={cell}>{formatCount(total.calls)}</td>
              <td className={cell}>{formatCount(total.failedCalls)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** The sums of each day as groups, newest first. */
export function byDay(days: string[], groups: UsageGroup[]): UsageGroup[] {
  return days
    .map((day, index) => {
      const total = {
        calls: 0,
        failedCalls: 0,
        inputTokens: 0,
        cachedInputTokens: 0,
        outputTokens: 0,
        reasoningTokens: 0,
        costMicroUsd: 0,
        unpricedCalls: 0,
      }
      for (const { days: values } of groups) {
        const sums = values[index]
        if (sums) for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += sums[key]
      }
      return { id: day, name: formatDay(day), total, days: [] }
    })
    .filter(({ total }) => total.calls > 0)
    .reverse()
}
