import type { LimitSubjectKind, PlanSource } from '@parley/contract'
import type { Generated } from 'kysely'

/** What people may do, as data. Null: not limited. */
interface PlansTable {
  id: string
  name: string
  /** Where it stands in lists, the smallest first. */
  position: number
  requestsPerHour: number | null
  /** Requests that may come at once; null exactly where there is no rate. */
  requestBurst: number | null
  tokensPerDay: number | null
  /** Null where it is not sold. */
  monthlyPriceMicroUsd: number | null
  yearlyPriceMicroUsd: number | null
  priceUnit: Generated<'workspace' | 'person'>
  /** Added to what calls cost; null: they are included. */
  markupPercent: number | null
  stripeMonthlyPriceId: string | null
  stripeYearlyPriceId: string | null
  updatedAt: Date
}

/** The plans that a workspace has a claim to. The first that is not null counts, else the installation's own (see `planOf`). */
interface WorkspacePlansTable {
  workspaceId: string
  /** Given by the operator. */
  planId: string | null
  /** Paid for. */
  subscribedPlanId: string | null
  since: Date
}

/** When another plan began to count for a workspace, or another reason for the same: what its fee is reckoned by. */
interface PlanChangesTable {
  id: string
  workspaceId: string
  fromPlanId: string
  fromSource: PlanSource
  planId: string
  source: PlanSource
  at: Date
}

/** Other figures for somebody or something of a workspace. Null: this figure is not set here. */
interface LimitOverridesTable {
  id: string
  workspaceId: string
  subjectKind: LimitSubjectKind
  /** Of the workspace, group, person or API key; for a model its name: `openai/gpt-5`. */
  subjectId: string
  counted: 'each' | 'together'
  requestsPerHour: number | null
  requestBurst: number | null
  tokensPerDay: number | null
  /** Set by whoever runs the installation: may allow more than the plan. */
  abovePlan: boolean
  createdBy: string
  createdAt: Date
  updatedAt: Date
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    plans: PlansTable
    workspacePlans: WorkspacePlansTable
    planChanges: PlanChangesTable
    limitOverrides: LimitOverridesTable
  }
}
