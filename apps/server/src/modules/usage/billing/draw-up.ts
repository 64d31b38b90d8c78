import type { InvoiceDraft, InvoiceLine, PlanLine, UsageLine } from '@parley/contract'
import { sql } from 'kysely'
import type { Platform } from '../../../platform/context.ts'
import { notFound } from '../../../platform/errors.ts'
import { countPeople, findWorkspace } from '../../identity/index.ts'
import { standingOf } from '../limits/limit-settings.ts'
import { operatorWorkspaceId } from '../limits/operator.ts'
import { listPlanChanges, listPlans, type PlanRow } from '../limits/store.ts'
import { findSettings } from '../rules.ts'
import { centsOf } from './cents.ts'
import { daysOfMonth, followingMonth, monthAt, precedingMonth, startOfMonth } from './months.ts'
import { planDays } from './plan-days.ts'
import { findInvoicedUntil } from './store.ts'

/** A month that is to be invoiced, or is being used. */
export interface Period {
  month: string
  start: Date
  end: Date
  timeZone: string
}

/**
 * The first month of a workspace that is not invoiced. It begins where the last invoice ended, to the instant, so that
 * calls are on one invoice each, also when the time zone changes in between.
 */
export async function nextPeriod(platform: Platform, workspaceId: string): Promise<Period> {
  const [reached, workspace, settings] = await Promise.all([
    findInvoicedUntil(platform.db, workspaceId),
    findWorkspace(platform.db, workspaceId),
    findSettings(platform, workspaceId),
  ])
  if (workspace === undefined) throw notFound('workspace')
  const timeZone = settings?.timeZone ?? platform.config.usage.timeZone
  const month = followingMonth(reached?.month ?? precedingMonth(monthAt(workspace.createdAt, timeZone)))
  const start = reached?.until ?? startOfMonth(month, timeZone)
  return { month, start, end: startOfMonth(followingMonth(month), timeZone), timeZone }
}

/** Draws up what a period comes to, as things stand now. */
export async function drawUp(platform: Platform, workspaceId: string, period: Period): Promise<InvoiceDraft> {
  const plans = await listPlans(platform.db)
  const [workspace, planLines, usageLines] = await Promise.all([
    findWorkspace(platform.db, workspaceId),
    feesOf(platform, workspaceId, period, plans),
    usageOf(platform, workspaceId, period, plans),
  ])
  const lines: InvoiceLine[] = [...planLines, ...usageLines]
  return {
    month: period.month,
    periodStart: period.start.toISOString(),
    periodEnd: period.end.toISOString(),
    timeZone: period.timeZone,
    workspaceName: workspace?.name ?? '',
    issuer: await issuerOf(platform),
    totalMicroUsd: lines.reduce((sum, { amountMicroUsd }) => sum + amountMicroUsd, 0),
    usageCostMicroUsd: usageLines.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0),
    lines,
  }
}

async function issuerOf(platform: Platform): Promise<string> {
  const { invoiceIssuer } = platform.config.usage
  if (invoiceIssuer !== undefined) return invoiceIssuer
  return (await findWorkspace(platform.db, await operatorWorkspaceId(platform)))?.name ?? ''
}

/** The fee of each plan that has a price, for its days. */
async function feesOf(
  platform: Platform,
  workspaceId: string,
  { month, timeZone }: Period,
  plans: PlanRow[],
): Promise<PlanLine[]> {
  const [workspace, changes, standing, people] = await Promise.all([
    findWorkspace(platform.db, workspaceId),
    listPlanChanges(platform.db, workspaceId),
    standingOf(platform, workspaceId),
    countPeople(platform.db, workspaceId),
  ])
  if (workspace === undefined) throw notFound('workspace')
  const now = { planId: standing.plan.id, source: standing.source }
  const daysInMonth = daysOfMonth(month).length
  return planDays(month, timeZone, { createdAt: workspace.createdAt, changes, now }).flatMap((held) => {
    const plan = plans.find(({ id }) => id === held.planId)
    if (plan === undefined || plan.monthlyPriceMicroUsd === null) return []
    const { id: planId, name, monthlyPriceMicroUsd, priceUnit } = plan
    const counted = priceUnit === 'person' ? people : null
    const collectedByStripe = held.source === 'subscription'
    const line: PlanLine = {
      kind: 'plan',
      planId,
      name,
      days: held.days,
      daysInMonth,
      people: counted,
      monthlyPriceMicroUsd,
      collectedByStripe,
      amountMicroUsd: collectedByStripe ? 0 : centsOf(monthlyPriceMicroUsd, held.days * (counted ?? 1), daysInMonth),
    }
    return [line]
  })
}

/** The ledger's calls of the period, by model and by the plan that counted when they were made. */
async function usageOf(
  platform: Platform,
  workspaceId: string,
  { start, end }: Period,
  plans: PlanRow[],
): Promise<UsageLine[]> {
  const { rows } = await sql<Omit<UsageLine, 'kind' | 'markupPercent' | 'amountMicroUsd'>>`
    select "model", "plan" as "planId",
      count(*)::bigint as "calls",
      (count(*) filter (where "costMicroUsd" is null))::bigint as "unpricedCalls",
      sum("inputTokens")::bigint as "inputTokens",
      sum("cachedInputTokens")::bigint as "cachedInputTokens",
      sum("outputTokens")::bigint as "outputTokens",
      sum("reasoningTokens")::bigint as "reasoningTokens",
      coalesce(sum("costMicroUsd"), 0)::bigint as "costMicroUsd"
    from "usageEntries"
    where "workspaceId" = ${workspaceId} and "createdAt" >= ${start}::timestamptz and "createdAt" < ${end}::timestamptz
    group by 1, 2 order by "costMicroUsd" desc, "model", "plan"`.execute(platform.db)
  return rows.map((row) => {
    const markupPercent = plans.find(({ id }) => id === row.planId)?.markupPercent ?? null
    const amountMicroUsd = markupPercent === null ? 0 : centsOf(row.costMicroUsd, 100 + markupPercent, 100)
    return { kind: 'usage', ...row, markupPercent, amountMicroUsd }
  })
}
