import { inTransaction, type Platform, whenCommitted } from '../../../platform/context.ts'
import { newId } from '../../../platform/crypto/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { listWorkspaceNames } from '../../identity/index.ts'
import { drawUp, nextPeriod } from './draw-up.ts'
import { insertInvoice, listUpToDate, lockNumbers, nextNumber, saveInvoicedUntil } from './store.ts'

/** After the end of a month: what was booked in its last seconds, by any server's clock, is committed by then. */
const graceMs = 3_600_000
/** No month that has ended ends later than that. */
const shortestMonthMs = 27 * 86_400_000

/**
 * Issues the invoices of all months that are over, each once, whoever else does it at the same time; those of months
 * without a fee or a call are left out.
 */
export async function issueInvoices(platform: Platform, signal: AbortSignal): Promise<void> {
  const now = platform.clock.now().getTime()
  const upToDate = await listUpToDate(platform.db, new Date(now - shortestMonthMs))
  const behind = (await listWorkspaceNames(platform.db)).filter(({ id }) => !upToDate.has(id))
  for (const { id } of behind) {
    try {
      while (!signal.aborted && (await issueNext(platform, id)));
    } catch (error) {
      platform.log.error({ err: error, workspaceId: id }, 'An invoice could not be made; it is tried again.')
    }
  }
}

/** Closes the next month of a workspace if it is over; says whether it was. */
function issueNext(platform: Platform, workspaceId: string): Promise<boolean> {
  return inTransaction(platform, async (tx) => {
    // Whoever waited for this finds the month closed.
    await lockNumbers(tx.db)
    const period = await nextPeriod(tx, workspaceId)
    const issuedAt = tx.clock.now()
    if (period.end.getTime() + graceMs > issuedAt.getTime()) return false
    await saveInvoicedUntil(tx.db, workspaceId, { month: period.month, until: period.end })
    const draft = await drawUp(tx, workspaceId, period)
    const { lines, totalMicroUsd, usageCostMicroUsd, workspaceName, issuer } = draft
    if (lines.length === 0) return true
    const [id, number] = [newId(), await nextNumber(tx.db)]
    const { month, start: periodStart, end: periodEnd, timeZone } = period
    await insertInvoice(tx.db, {
      ...{ id, number, workspaceId, workspaceName, issuer, month, periodStart, periodEnd, timeZone },
      ...{ lines: JSON.stringify(lines), totalMicroUsd, usageCostMicroUsd, issuedAt },
    })
    await emit(tx, { type: 'invoice-issued', workspaceId, subjectId: id, data: { number, month, totalMicroUsd } })
    whenCommitted(tx, () => tx.bus.publish(`changes:workspace:${workspaceId}`, { type: 'billing-changed' }))
    return true
  })
}
