import type { PlanSource } from '@parley/contract'
import { dateAt } from '../budgets/windows.ts'
import { daysOfMonth } from './months.ts'

/** A plan with the reason why it counted. */
export interface Held {
  planId: string
  source: PlanSource
}

export interface PlanChange extends Held {
  fromPlanId: string
  fromSource: PlanSource
  at: Date
}

/**
 * On how many days of a month each plan counted, in the order in which they did. A day belongs to the plan it ended on;
 * days that are to come, to the present one; days before `createdAt`, to none. `changes` are oldest first.
 */
export function planDays(
  month: string,
  timeZone: string,
  { createdAt, changes, now }: { createdAt: Date; changes: readonly PlanChange[]; now: Held },
): (Held & { days: number })[] {
  const firstDay = dateAt(createdAt, timeZone)
  const dated = changes.map((change) => ({ ...change, date: dateAt(change.at, timeZone) }))
  const held: (Held & { days: number })[] = []
  for (const day of daysOfMonth(month)) {
    if (day < firstDay) continue
    const next = dated.find(({ date }) => date > day)
    const { planId, source } = next ? { planId: next.fromPlanId, source: next.fromSource } : now
    const same = held.find((one) => one.planId === planId && one.source === source)
    if (same) same.days += 1
    else held.push({ planId, source, days: 1 })
  }
  return held
}
