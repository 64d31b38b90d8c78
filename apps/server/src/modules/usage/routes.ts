import { usageEndpoints } from '@parley/contract'
import { audit, auditRead } from '../../platform/audit/index.ts'
import type { Ctx } from '../../platform/context.ts'
import type { Http } from '../../platform/http/index.ts'
import { mountBilling } from './billing/routes.ts'
import { mountBudgets } from './budgets/routes.ts'
import { sendEntries } from './ledger/export-entries.ts'
import type { Filters } from './ledger/filters.ts'
import { listEntries } from './ledger/list-entries.ts'
import { reportUsage } from './ledger/report.ts'
import { mountLimits } from './limits/routes.ts'
import { changeSettings, readSettings } from './settings.ts'

export function mountUsage(http: Http): void {
  mountBilling(http)
  mountBudgets(http)
  mountLimits(http)
  http.route(usageEndpoints.getUsageReport, (ctx, { query }) => reportUsage(ctx, query, query.groupBy))
  http.route(usageEndpoints.listUsageEntries, async (ctx, { query }) => {
    const page = await listEntries(ctx, query, query)
    await auditRead(ctx, { action: 'usage.read', subject: { kind: 'usage' } })
    return page
  })
  http.route(usageEndpoints.exportUsage, async (ctx, { query }, { reply }) => {
    await audit(ctx, { action: 'usage.exported', subject: { kind: 'usage' }, after: query })
    return sendEntries(ctx, query, query.format, reply)
  })
  http.route(usageEndpoints.getUsageSettings, (ctx) => readSettings(ctx))
  http.route(usageEndpoints.updateUsageSettings, (ctx, { body }) => changeSettings(ctx, body))

  http.route(usageEndpoints.getMyUsageReport, (ctx, { query }) => reportUsage(ctx, own(ctx, query), query.groupBy))
  http.route(usageEndpoints.listMyUsageEntries, (ctx, { query }) => listEntries(ctx, own(ctx, query), query))
  http.route(usageEndpoints.exportMyUsage, (ctx, { query }, { reply }) =>
    sendEntries(ctx, own(ctx, query), query.format, reply),
  )
}

function own({ actor }: Ctx, filters: Filters): Filters {
  return { ...filters, userId: actor.userId }
}
