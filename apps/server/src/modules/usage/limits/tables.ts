import type { LimitSubjectKind } from '@parley/contract'

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
  /** Per workspace; null where it is not sold. */
  monthlyPriceMicroUsd: number | null
  yearlyPriceMicroUsd: number | null
  updatedAt: Date
}

/** The plan that a workspace was given. Without a row it has the installation's own (see `planOf`). */
interface WorkspacePlansTable {
  workspaceId: string
  planId: string
  since: Date
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
    limitOverrides: LimitOverridesTable
  }
}
