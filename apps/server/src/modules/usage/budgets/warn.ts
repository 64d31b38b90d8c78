import type { BudgetNotice } from '@parley/contract'
import { inTransaction, type Platform } from '../../../platform/context.ts'
import { emit } from '../../../platform/outbox/index.ts'
import type { Cap } from './caps.ts'
import { noticeOf } from './notice.ts'
import type { CounterAfter } from './settle.ts'

/**
 * Tells of budgets that passed a threshold, each threshold once: a domain event (`budget-warned`, or `budget-exceeded` at
 * 100 percent) with the note that it was told, and a word to the windows that are open. A crash in between leaves no note,
 * and the next call tells it.
 */
export async function warnOf(
  platform: Platform,
  workspaceId: string,
  caps: Cap[],
  counters: CounterAfter[],
): Promise<BudgetNotice[]> {
  const notices: BudgetNotice[] = []
  for (const counter of counters) {
    const cap = caps.find(
      ({ id, subject, label }) => id === counter.capId && subject === counter.subject && label === counter.window,
    )
    const reached = cap && thresholdOf(cap, counter.spent)
    if (!cap || reached === undefined || reached <= counter.warned) continue
    const notice = noticeOf(cap, counter, reached >= 100 ? 'exceeded' : 'warning')
    if (await noteWarning(platform, workspaceId, counter, reached, notice)) notices.push(notice)
  }
  if (notices.length > 0) platform.bus.publish(`changes:workspace:${workspaceId}`, { type: 'budgets-changed' })
  return notices
}

/** The highest of its thresholds that was reached, 100 always being one. */
export function thresholdOf({ amount, warnAt }: Pick<Cap, 'amount' | 'warnAt'>, spent: number): number | undefined {
  const percent = (spent / amount) * 100
  const reached = [...warnAt, 100].filter((threshold) => percent >= threshold)
  return reached.length === 0 ? undefined : Math.max(...reached)
}

/** False when another process told it. */
function noteWarning(
  platform: Platform,
  workspaceId: string,
  { capId, subject, window }: CounterAfter,
  threshold: number,
  notice: BudgetNotice,
): Promise<boolean> {
  return inTransaction(platform, async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('budgetCounters')
      .set({ warned: threshold })
      .where('workspaceId', '=', workspaceId)
      .where('capId', '=', capId)
      .where('subject', '=', subject)
      .where('window', '=', window)
      .where('warned', '<', threshold)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return false
    const type = threshold >= 100 ? 'budget-exceeded' : 'budget-warned'
    // An allowance of a plan is no thing with an id of its own.
    const subjectId = notice.budgetId ?? workspaceId
    await emit(tx, { type, workspaceId, subjectId, data: { ...notice, threshold, subject, window } })
    return true
  })
}
