import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Whose calls a budget counts. */
export const budgetScopes = ['workspace', 'group', 'user', 'key', 'model'] as const
export const budgetScopeSchema = z.enum(budgetScopes)
export type BudgetScope = z.infer<typeof budgetScopeSchema>

/** `money`: micro-USD, calls whose price is known. `tokens`: input and output. */
export const budgetUnitSchema = z.enum(['money', 'tokens'])
export type BudgetUnit = z.infer<typeof budgetUnitSchema>

/** Begins at midnight, or on the first of the month at midnight, in the workspace's time zone. */
export const budgetWindowSchema = z.enum(['day', 'month'])
export type BudgetWindow = z.infer<typeof budgetWindowSchema>

/** `warning`: a threshold is passed. `exceeded`: nothing worth a call is left. */
export const budgetLevelSchema = z.enum(['ok', 'warning', 'exceeded'])
export type BudgetLevel = z.infer<typeof budgetLevelSchema>

/** How a budget stands in the present window. */
export const budgetStandingSchema = z
  .object({
    /** The person, group, key or model it counts; null: the workspace. */
    subjectId: z.string().nullable(),
    subjectName: z.string().nullable(),
    /** What calls that ended took. */
    spent: z.int(),
    /** What calls under way may take at most. */
    reserved: z.int(),
    /** What the next call may take at most. */
    left: z.int(),
    level: budgetLevelSchema,
    resetsAt: timeSchema,
  })
  .meta({ id: 'BudgetStanding' })
export type BudgetStanding = z.infer<typeof budgetStandingSchema>

export const budgetSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    scope: budgetScopeSchema,
    /** The person, group, key or model; null: each person, key or model has this budget to itself. Always null for the workspace. */
    subjectId: z.string().nullable(),
    subjectName: z.string().nullable(),
    unit: budgetUnitSchema,
    /** Micro-USD or tokens in a window. */
    amount: z.int(),
    window: budgetWindowSchema,
    /** Percentages at which people are warned. */
    warnAt: z.array(z.int()),
    /** Whether calls are refused when it is used up; otherwise it only warns. */
    hardStop: z.boolean(),
    /** One, or for a budget that each has to itself the highest twenty. */
    standings: z.array(budgetStandingSchema),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Budget' })
export type Budget = z.infer<typeof budgetSchema>

/**
 * A budget that someone meets: told in a run's events (`parley.limit`), with the error of a reply that it stopped, and
 * in problem details. `lowered`: the answer was given less room than asked for, so that it stays within.
 */
export const budgetNoticeSchema = z
  .object({
    /** `plan`: the tokens a day that the plan or an override allows. */
    kind: z.enum(['budget', 'plan']),
    level: z.enum(['warning', 'lowered', 'exceeded']),
    /** Null for a plan. */
    budgetId: idSchema.nullable(),
    name: z.string(),
    scope: budgetScopeSchema,
    unit: budgetUnitSchema,
    window: budgetWindowSchema,
    amount: z.int(),
    spent: z.int(),
    reserved: z.int(),
    left: z.int(),
    resetsAt: timeSchema,
    /** In which the window begins anew. */
    timeZone: z.string(),
  })
  .meta({ id: 'BudgetNotice' })
export type BudgetNotice = z.infer<typeof budgetNoticeSchema>

/** A million dollars, or a million million tokens. */
const amountSchema = z.int().min(1).max(1_000_000_000_000)
const warnAtSchema = z.array(z.int().min(1).max(99)).max(5)
const nameSchema = z.string().trim().min(1).max(100)

const choiceSchema = z.object({ id: idSchema, name: z.string() })

export const budgetEndpoints = {
  listBudgetSubjects: endpoint({
    method: 'GET',
    path: '/api/v1/budgets/subjects',
    tag: 'Usage',
    summary: 'Whom a budget may count: people, groups and API keys of the workspace, by name, a thousand each at most',
    access: 'usage:manage',
    response: z.object({ people: z.array(choiceSchema), groups: z.array(choiceSchema), keys: z.array(choiceSchema) }),
  }),
  listBudgets: endpoint({
    method: 'GET',
    path: '/api/v1/budgets',
    tag: 'Usage',
    summary: 'Budgets of the workspace with how they stand, oldest first',
    access: 'usage:read',
    query: pageQuerySchema,
    response: pageOf(budgetSchema),
  }),
  createBudget: endpoint({
    method: 'POST',
    path: '/api/v1/budgets',
    tag: 'Usage',
    summary: 'Make a budget; what was used in the present window counts from the start',
    access: 'usage:manage',
    body: z.object({
      name: nameSchema,
      scope: budgetScopeSchema,
      subjectId: z.string().trim().min(1).max(300).nullable().optional(),
      unit: budgetUnitSchema,
      amount: amountSchema,
      window: budgetWindowSchema,
      warnAt: warnAtSchema.optional(),
      hardStop: z.boolean().optional(),
    }),
    response: budgetSchema,
    status: 201,
    idempotent: true,
  }),
  updateBudget: endpoint({
    method: 'PATCH',
    path: '/api/v1/budgets/{id}',
    tag: 'Usage',
    summary: 'Change the name, amount, warnings, or whether it stops; holds for the next call',
    access: 'usage:manage',
    params: z.object({ id: idSchema }),
    body: z.object({ name: nameSchema, amount: amountSchema, warnAt: warnAtSchema, hardStop: z.boolean() }).partial(),
    response: budgetSchema,
  }),
  deleteBudget: endpoint({
    method: 'DELETE',
    path: '/api/v1/budgets/{id}',
    tag: 'Usage',
    summary: 'Delete a budget; the ledger stays',
    access: 'usage:manage',
    params: z.object({ id: idSchema }),
  }),
  listMyBudgets: endpoint({
    method: 'GET',
    path: '/api/v1/me/budgets',
    tag: 'Usage',
    summary: 'Budgets that count one’s own calls, with how they stand for oneself',
    access: 'account:read',
    query: pageQuerySchema,
    response: pageOf(budgetSchema),
  }),
}
