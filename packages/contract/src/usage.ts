import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

/** What a model was called for. */
export const usagePurposeSchema = z.enum(['chat', 'title'])
export type UsagePurpose = z.infer<typeof usagePurposeSchema>

/** `lost`: the process that made the call died; its usage is an estimate. */
export const callOutcomeSchema = z.enum(['finished', 'stopped', 'failed', 'lost'])
export type CallOutcome = z.infer<typeof callOutcomeSchema>

/** One model call, as it is booked. Input includes the cached part, output the reasoning. */
export const usageEntrySchema = z
  .object({
    id: idSchema,
    createdAt: timeSchema,
    userId: idSchema,
    /** Null for people who left. */
    userName: z.string().nullable(),
    apiKeyId: z.string().nullable(),
    apiKeyName: z.string().nullable(),
    plan: z.string().nullable(),
    purpose: usagePurposeSchema,
    conversationId: idSchema,
    runId: idSchema,
    messageId: idSchema,
    provider: z.string(),
    model: z.string(),
    inputTokens: z.int(),
    cachedInputTokens: z.int(),
    outputTokens: z.int(),
    reasoningTokens: z.int(),
    /** Null where the price is not known. */
    costMicroUsd: z.int().nullable(),
    latencyMs: z.int(),
    firstTokenMs: z.int().nullable(),
    outcome: callOutcomeSchema,
    /** The provider did not tell the tokens: they are counted here. */
    estimated: z.boolean(),
  })
  .meta({ id: 'UsageEntry' })
export type UsageEntry = z.infer<typeof usageEntrySchema>

const usageSums = {
  calls: z.int(),
  failedCalls: z.int(),
  inputTokens: z.int(),
  cachedInputTokens: z.int(),
  outputTokens: z.int(),
  reasoningTokens: z.int(),
  /** Of the calls whose price is known. */
  costMicroUsd: z.int(),
  /** Calls whose price is not known: their tokens count, their cost does not. */
  unpricedCalls: z.int(),
}

/** Sums of one day (in the workspace's time zone) for one model, person or key. */
export const usageDaySchema = z
  .object({
    day: z.iso.date(),
    /** The model, the person's or the key's id, or the purpose; null: made without a key, or not grouped. */
    groupId: z.string().nullable(),
    groupName: z.string().nullable(),
    ...usageSums,
  })
  .meta({ id: 'UsageDay' })
export type UsageDay = z.infer<typeof usageDaySchema>

export const usageReportSchema = z
  .object({
    from: z.iso.date(),
    to: z.iso.date(),
    /** Whose midnight parts the days. */
    timeZone: z.string(),
    days: z.array(usageDaySchema),
    total: z.object(usageSums),
  })
  .meta({ id: 'UsageReport' })
export type UsageReport = z.infer<typeof usageReportSchema>

/** What ends a run that goes on for too long. Null: as the server is set. */
const runFuse = {
  maxSteps: z.int().min(1).max(200).nullable(),
  maxToolCalls: z.int().min(1).max(10_000).nullable(),
  maxCostMicroUsd: z.int().min(1).max(1_000_000_000_000).nullable(),
  maxSeconds: z.int().min(10).max(86_400).nullable(),
}
export const runFuseSchema = z.object(runFuse)
export type RunFuse = z.infer<typeof runFuseSchema>

const timeZoneSchema = z.string().trim().min(1).max(64)

export const usageSettingsSchema = z
  .object({
    /** IANA name: where the workspace's days and months begin. */
    timeZone: z.string(),
    runFuse: runFuseSchema,
    /** What holds where the workspace says nothing. */
    defaults: z.object({
      timeZone: z.string(),
      maxSteps: z.int(),
      maxToolCalls: z.int(),
      maxCostMicroUsd: z.int(),
      maxSeconds: z.int(),
    }),
  })
  .meta({ id: 'UsageSettings' })
export type UsageSettings = z.infer<typeof usageSettingsSchema>

const daySchema = z.iso
  .date()
  .refine((day) => day >= '2000-01-01' && day < '2200-01-01', 'A day of this century or the next.')
const ownFilters = {
  /** First and last day, in the workspace's time zone. */
  from: daySchema.optional(),
  to: daySchema.optional(),
  model: z.string().min(1).max(300).optional(),
  purpose: usagePurposeSchema.optional(),
  apiKeyId: idSchema.optional(),
}
const allFilters = { ...ownFilters, userId: idSchema.optional() }
const groupings = z.enum(['model', 'person', 'key', 'purpose', 'none'])
const exportFormat = { format: z.enum(['csv', 'json']).default('csv') }
const exportMedia = { response: ['text/csv', 'application/json'] }

export const usageEndpoints = {
  getUsageReport: endpoint({
    method: 'GET',
    path: '/api/v1/usage/report',
    tag: 'Usage',
    summary: 'Usage of the workspace by day; at most 366 days, by default the last 30',
    access: 'usage:read',
    query: z.object({ ...allFilters, groupBy: groupings.default('model') }),
    response: usageReportSchema,
  }),
  listUsageEntries: endpoint({
    method: 'GET',
    path: '/api/v1/usage/entries',
    tag: 'Usage',
    summary: 'Model calls of the workspace, newest first',
    access: 'usage:read',
    query: pageQuerySchema.extend(allFilters),
    response: pageOf(usageEntrySchema),
  }),
  exportUsage: endpoint({
    method: 'GET',
    path: '/api/v1/usage/export',
    tag: 'Usage',
    summary: 'Model calls of the workspace as a file, oldest first: CSV (RFC 4180) or JSON',
    access: 'usage:read',
    query: z.object({ ...allFilters, ...exportFormat }),
    media: exportMedia,
    cost: 'expensive',
    status: 200,
  }),
  getUsageSettings: endpoint({
    method: 'GET',
    path: '/api/v1/usage/settings',
    tag: 'Usage',
    summary: 'Time zone of the workspace, and what ends a run',
    access: 'usage:read',
    response: usageSettingsSchema,
  }),
  updateUsageSettings: endpoint({
    method: 'PATCH',
    path: '/api/v1/usage/settings',
    tag: 'Usage',
    summary: 'Change the time zone, or what ends a run; null goes back to the server’s default',
    access: 'usage:manage',
    body: z.object({ timeZone: timeZoneSchema.nullable(), runFuse: z.object(runFuse).partial() }).partial(),
    response: usageSettingsSchema,
  }),
  getMyUsageReport: endpoint({
    method: 'GET',
    path: '/api/v1/me/usage/report',
    tag: 'Usage',
    summary: 'One’s own usage by day',
    access: 'account:read',
    query: z.object({ ...ownFilters, groupBy: z.enum(['model', 'key', 'purpose', 'none']).default('model') }),
    response: usageReportSchema,
  }),
  listMyUsageEntries: endpoint({
    method: 'GET',
    path: '/api/v1/me/usage/entries',
    tag: 'Usage',
    summary: 'One’s own model calls, newest first',
    access: 'account:read',
    query: pageQuerySchema.extend(ownFilters),
    response: pageOf(usageEntrySchema),
  }),
  exportMyUsage: endpoint({
    method: 'GET',
    path: '/api/v1/me/usage/export',
    tag: 'Usage',
    summary: 'One’s own model calls as a file',
    access: 'account:read',
    query: z.object({ ...ownFilters, ...exportFormat }),
    media: exportMedia,
    cost: 'expensive',
    status: 200,
  }),
}
