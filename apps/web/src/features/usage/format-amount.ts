import type { BudgetUnit } from '@parley/contract'
import { formatCost, formatCount } from '../shell/format.ts'

/** `$12.50`, `4,096 tokens`. */
export function formatAmount(unit: BudgetUnit, amount: number): string {
  return unit === 'money' ? formatCost(amount) : `${formatCount(amount)} tokens`
}

/** A date (`2026-11-25`) for people, without a year: it belongs to no time zone any more. */
export function formatDay(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString(undefined, { timeZone: 'UTC', month: 'short', day: 'numeric' })
}

/** When something begins anew, in the reader's own time. */
export function formatReset(at: string): string {
  return new Date(at).toLocaleString(undefined, {
    weekday: 'short',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  })
}
