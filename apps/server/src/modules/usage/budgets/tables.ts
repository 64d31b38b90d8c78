import type { BudgetScope, BudgetUnit, BudgetWindow } from '@parley/contract'
import type { ColumnType } from 'kysely'
import type { CallDetails } from '../call.ts'

export interface BudgetsTable {
  id: string
  workspaceId: string
  name: string
  scope: BudgetScope
  /** The person, key or model; null: each of them has it to itself. */
  subjectId: string | null
  unit: BudgetUnit
  /** Micro-USD or tokens. */
  amount: number
  window: BudgetWindow
  warnAt: ColumnType<number[], string, string>
  hardStop: boolean
  createdAt: Date
  updatedAt: Date
}

/** One row for a budget, whom it counts, and a window. Only statements in this folder change it. */
interface BudgetCountersTable {
  workspaceId: string
  /** The budget's id, or the name of a cap that comes from elsewhere. */
  capId: string
  /** The person, key or model; empty: the workspace. */
  subject: string
  window: string
  /** When the window ends; old counters go some time after. */
  resetsAt: Date
  spent: number
  reserved: number
  /** The highest threshold that was told, in percent. */
  warned: number
}

/** What a call under way may take, until it is booked. */
interface BudgetReservationsTable {
  callKey: string
  workspaceId: string
  runId: string
  items: ColumnType<HeldItem[], string, never>
  call: ColumnType<CallDetails, string, never>
  expiresAt: Date
}

/** What a reservation holds of one counter. */
export interface HeldItem {
  capId: string
  subject: string
  window: string
  money: boolean
  amount: number
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    budgets: BudgetsTable
    budgetCounters: BudgetCountersTable
    budgetReservations: BudgetReservationsTable
  }
}
