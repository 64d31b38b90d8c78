import { z } from 'zod'
import { idSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { limitStateSchema } from './errors.ts'

/** Requests an hour, or at once; and tokens a day. */
const rateSchema = z.int().min(1).max(1_000_000_000)
const tokensSchema = z.int().min(1).max(1_000_000_000_000)
/** Micro-USD. */
const priceSchema = z.int().min(0).max(1_000_000_000_000)
const stripePriceIdSchema = z
  .string()
  .trim()
  .regex(/^price_\w{1,200}$/, 'The id of a price in Stripe begins with price_.')

/** Who decided the plan: whoever runs the installation, the subscription, or nobody (the installation's default). */
export const planSourceSchema = z.enum(['operator', 'subscription', 'default'])
export type PlanSource = z.infer<typeof planSourceSchema>

/** What each person of a workspace may do. Null: not limited. */
export const planSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    /** Messages and other requests that cost, for each person. */
    requestsPerHour: rateSchema.nullable(),
    /** How many of them may come at once; null exactly where there is no rate. */
    requestBurst: rateSchema.nullable(),
    tokensPerDay: tokensSchema.nullable(),
    /** Null where it is not sold by the month, or by the year. */
    monthlyPriceMicroUsd: priceSchema.nullable(),
    yearlyPriceMicroUsd: priceSchema.nullable(),
    /** Whether a price is for the workspace as a whole, or for each person in it. */
    priceUnit: z.enum(['workspace', 'person']),
    /** What calls cost on top of the price: percent added to what the ledger says; null: they are included. */
    markupPercent: z.int().min(0).max(1000).nullable(),
    /** Ids of the prices in Stripe that buy it; null where it cannot be bought that way. */
    stripeMonthlyPriceId: stripePriceIdSchema.nullable(),
    stripeYearlyPriceId: stripePriceIdSchema.nullable(),
    updatedAt: timeSchema,
  })
  .meta({ id: 'Plan' })
export type Plan = z.infer<typeof planSchema>

export const limitSubjectKinds = ['workspace', 'group', 'user', 'key', 'model'] as const
export type LimitSubjectKind = (typeof limitSubjectKinds)[number]

/** Whose limit it is; `id` of a model is its name (`openai/gpt-5`), of the workspace its own id. */
export const limitSubjectSchema = z.object({ kind: z.enum(limitSubjectKinds), id: z.string().min(1).max(300) })
export type LimitSubject = z.infer<typeof limitSubjectSchema>

/** `each`: counted for each person (or key) alone. `together`: one count for all of them. */
export const countedSchema = z.enum(['each', 'together'])

/** Other figures than the plan's. Null: not set here. */
export const limitOverrideSchema = z
  .object({
    id: idSchema,
    subject: limitSubjectSchema.extend({
      /** Of the person, group, key or workspace; null when it is no longer there. */
      name: z.string().nullable(),
    }),
    counted: countedSchema,
    requestsPerHour: rateSchema.nullable(),
    requestBurst: rateSchema.nullable(),
    tokensPerDay: tokensSchema.nullable(),
    /** Set by whoever runs the installation: may allow more than the plan. */
    abovePlan: z.boolean(),
    /** Where one count stands behind it: what is left of its requests. */
    state: limitStateSchema.nullable(),
    updatedAt: timeSchema,
  })
  .meta({ id: 'LimitOverride' })
export type LimitOverride = z.infer<typeof limitOverrideSchema>

/** What limits the caller now: the plan, every limit on requests with what is left, every cap on tokens. */
export const myLimitsSchema = z
  .object({
    plan: planSchema,
    /** Whether the caller runs this installation, and may change plans. */
    operator: z.boolean(),
    requests: z.array(limitStateSchema),
    tokensPerDay: z.array(
      z.object({ subject: limitSubjectSchema, counted: countedSchema, amount: tokensSchema, setBy: z.string() }),
    ),
    /** `process`: Redis is configured and away, so that each process counts for itself. */
    countedIn: z.enum(['redis', 'process']),
    degraded: z.boolean(),
  })
  .meta({ id: 'MyLimits' })
export type MyLimits = z.infer<typeof myLimitsSchema>

/** A workspace of this installation with its plan. */
export const workspacePlanSchema = z
  .object({
    workspaceId: idSchema,
    name: z.string(),
    /** The plan that counts. */
    planId: z.string(),
    source: planSourceSchema,
    /** The plan that its subscription pays for, whether that counts or not. */
    subscribedPlanId: z.string().nullable(),
    isOperator: z.boolean(),
  })
  .meta({ id: 'WorkspacePlan' })
export type WorkspacePlan = z.infer<typeof workspacePlanSchema>

const listOf = <T extends z.ZodType>(item: T) => z.object({ data: z.array(item), nextCursor: z.null() })

export const limitEndpoints = {
  getMyLimits: endpoint({
    method: 'GET',
    path: '/api/v1/limits',
    tag: 'Limits',
    summary: 'What limits the caller now, and what is left; asking counts against nothing but the pace',
    access: 'account:read',
    response: myLimitsSchema,
  }),
  listPlans: endpoint({
    method: 'GET',
    path: '/api/v1/plans',
    tag: 'Limits',
    summary: 'The plans, the smallest first',
    access: 'account:read',
    response: listOf(planSchema),
  }),
  updatePlan: endpoint({
    method: 'PATCH',
    path: '/api/v1/plans/{id}',
    tag: 'Limits',
    summary: 'Change a plan, for every workspace on it; only for the owner who runs this installation',
    access: 'usage:manage',
    params: z.object({ id: z.string().max(50) }),
    body: planSchema
      .omit({ id: true, updatedAt: true })
      .extend({ name: z.string().trim().min(1).max(60) })
      .partial(),
    response: planSchema,
  }),
  listWorkspacePlans: endpoint({
    method: 'GET',
    path: '/api/v1/workspace-plans',
    tag: 'Limits',
    summary: 'The plan of the workspace; for the owner who runs this installation, of every workspace',
    access: 'usage:manage',
    response: listOf(workspacePlanSchema),
  }),
  setWorkspacePlan: endpoint({
    method: 'PUT',
    path: '/api/v1/workspace-plans/{workspaceId}',
    tag: 'Limits',
    summary:
      'Put a workspace on a plan, whatever it subscribes to; null: its subscription or the default decides. Only for the owner who runs this installation',
    access: 'usage:manage',
    params: z.object({ workspaceId: idSchema }),
    body: z.object({ planId: z.string().max(50).nullable() }),
    response: workspacePlanSchema,
  }),
  listLimitOverrides: endpoint({
    method: 'GET',
    path: '/api/v1/limit-overrides',
    tag: 'Limits',
    summary: 'Other figures than the plan’s, with what is left of them',
    access: 'usage:read',
    response: listOf(limitOverrideSchema),
  }),
  setLimitOverride: endpoint({
    method: 'PUT',
    path: '/api/v1/limit-overrides',
    tag: 'Limits',
    summary: 'Set the figures for the workspace, a group, a person, a key or a model; replaces what was set for it',
    access: 'usage:manage',
    body: z
      .object({
        subject: limitSubjectSchema,
        /** Default: `each`. A person and a key are counted alone either way. */
        counted: countedSchema.default('each'),
        requestsPerHour: rateSchema.nullable().default(null),
        /** Default: a whole hour’s requests. */
        requestBurst: rateSchema.nullable().default(null),
        tokensPerDay: tokensSchema.nullable().default(null),
      })
      .refine(({ requestsPerHour, tokensPerDay }) => requestsPerHour !== null || tokensPerDay !== null, {
        message: 'Set requests an hour, tokens a day, or both.',
        path: ['requestsPerHour'],
      })
      .refine(({ requestsPerHour, requestBurst }) => requestBurst === null || requestsPerHour !== null, {
        message: 'Goes with requests an hour.',
        path: ['requestBurst'],
      }),
    response: limitOverrideSchema,
  }),
  deleteLimitOverride: endpoint({
    method: 'DELETE',
    path: '/api/v1/limit-overrides/{id}',
    tag: 'Limits',
    summary: 'Drop these figures; what is set more widely counts again',
    access: 'usage:manage',
    params: z.object({ id: idSchema }),
  }),
}
