import type { UsageReport } from '@parley/contract'

export type Metric = 'cost' | 'tokens' | 'calls'
type Sums = UsageReport['total']

/** One line of the table and one colour of the chart. */
export interface UsageGroup {
  id: string
  name: string
  total: Sums
  /** By day, in the order of the days. */
  days: (Sums | undefined)[]
}

/** Colours that can be told apart; what is beyond them is one. */
const mostColours = 6

/** Groups of a report, the largest first; `withoutName` is for those that have none. */
export function groupUsage(report: UsageReport, days: string[], metric: Metric, withoutName: string): UsageGroup[] {
  const place = new Map(days.map((day, index) => [day, index]))
  const groups = new Map<string, UsageGroup>()
  for (const row of report.days) {
    const { day, groupId, groupName, ...sums } = row
    const id = groupId ?? ''
    const group = groups.get(id) ?? {
      id,
      name: groupName ?? withoutName,
      total: noSums(),
      days: days.map(() => undefined),
    }
    const index = place.get(day)
    if (index !== undefined) group.days[index] = sums
    addTo(group.total, sums)
    groups.set(id, group)
  }
  return [...groups.values()].sort((one, other) => metricOf(other.total, metric) - metricOf(one.total, metric))
}

/** The same with the small ones as one, for a chart. */
export function fewGroups(groups: UsageGroup[]): UsageGroup[] {
  if (groups.length <= mostColours + 1) return groups
  const rest: UsageGroup = { id: 'rest', name: `${groups.length - mostColours} others`, total: noSums(), days: [] }
  for (const group of groups.slice(mostColours)) {
    addTo(rest.total, group.total)
    rest.days = group.days.map((sums, index) => {
      const sum = rest.days[index] ?? noSums()
      return sums ? addTo({ ...sum }, sums) : sum
    })
  }
  return [...groups.slice(0, mostColours), rest]
}

export function metricOf(sums: Sums | undefined, metric: Metric): number {
  if (!sums) return 0
  if (metric === 'cost') return sums.costMicroUsd
  return metric === 'calls' ? sums.calls : sums.inputTokens + sums.outputTokens
}

function noSums(): Sums {
  return {
    calls: 0,
    failedCalls: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    costMicroUsd: 0,
    unpricedCalls: 0,
  }
}

function addTo(sum: Sums, more: Sums): Sums {
  for (const key of Object.keys(sum) as (keyof Sums)[]) sum[key] += more[key]
  return sum
}
