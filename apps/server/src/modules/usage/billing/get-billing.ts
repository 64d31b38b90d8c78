import type { Billing } from '@parley/contract'
import type { Ctx } from '../../../platform/context.ts'
import { countPeople } from '../../identity/index.ts'
import { standingOf } from '../limits/limit-settings.ts'
import { presentPlan } from '../limits/present.ts'

/** The plan of the actor's workspace, why it has it, and how it is paid. */
export async function getBilling(ctx: Ctx): Promise<Billing> {
  const { workspaceId } = ctx.actor
  const [{ plan, source }, people] = await Promise.all([standingOf(ctx, workspaceId), countPeople(ctx.db, workspaceId)])
  return {
    plan: presentPlan(plan),
    planSource: source,
    people,
    payments: false,
    hasCustomer: false,
    subscription: null,
  }
}
