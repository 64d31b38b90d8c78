import type { Plan } from '@parley/contract'
import type { PlanRow } from './store.ts'

export function presentPlan({ position: _, updatedAt, ...plan }: PlanRow): Plan {
  return { ...plan, updatedAt: updatedAt.toISOString() }
}
