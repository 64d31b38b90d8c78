import { endpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { getMyLimits } from './my-limits.ts'
import { deleteOverride, listOverrides, setOverride } from './overrides.ts'
import { listPlans, listWorkspacePlans, setWorkspacePlan, updatePlan } from './plans.ts'

/** Mounts plans, overrides and what is left of them. These lists are short: one page holds all. */
export function mountLimits(http: Http): void {
  http.route(endpoints.getMyLimits, (ctx) => getMyLimits(ctx))
  http.route(endpoints.listPlans, async (ctx) => ({ data: await listPlans(ctx), nextCursor: null }))
  http.route(endpoints.updatePlan, (ctx, { params, body }) => updatePlan(ctx, params.id, body))
  http.route(endpoints.listWorkspacePlans, async (ctx) => ({ data: await listWorkspacePlans(ctx), nextCursor: null }))
  http.route(endpoints.setWorkspacePlan, (ctx, { params, body }) =>
    setWorkspacePlan(ctx, params.workspaceId, body.planId),
  )
  http.route(endpoints.listLimitOverrides, async (ctx) => ({ data: await listOverrides(ctx), nextCursor: null }))
  http.route(endpoints.setLimitOverride, (ctx, { body }) => setOverride(ctx, body))
  http.route(endpoints.deleteLimitOverride, (ctx, { params }) => deleteOverride(ctx, params.id))
}
