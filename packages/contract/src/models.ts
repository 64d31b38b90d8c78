import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

/** The wire protocol a provider speaks. `guide` is the built-in responder. */
export const protocolSchema = z.enum(['openai', 'anthropic', 'guide'])
export type Protocol = z.infer<typeof protocolSchema>

export const modelSchema = z
  .object({
    /** `<provider slug>/<name at the provider>`, as requests name it: `openai/gpt-5`. */
    id: z.string(),
    name: z.string(),
    providerId: z.string(),
    providerName: z.string(),
    protocol: protocolSchema,
    contextTokens: z.int(),
    maxOutputTokens: z.int(),
    capabilities: z.object({ tools: z.boolean(), images: z.boolean(), reasoning: z.boolean() }),
    /** Micro-USD per million tokens; null when unknown. */
    price: z.object({ inputMicroUsd: z.int(), cachedInputMicroUsd: z.int(), outputMicroUsd: z.int() }).nullable(),
    /** The one used when a request names none. */
    isDefault: z.boolean(),
  })
  .meta({ id: 'Model' })
export type Model = z.infer<typeof modelSchema>

/** Outcome of trying a provider's address and key; `detail` says what to do when it failed. */
export const providerVerdictSchema = z
  .object({
    ok: z.boolean(),
    code: z.enum([
      'ok',
      'auth',
      'quota',
      'rate_limited',
      'overloaded',
      'network',
      'timeout',
      'not_a_provider',
      'egress_refused',
      'untested',
    ]),
    detail: z.string(),
    modelCount: z.int(),
    checkedAt: timeSchema.nullable(),
  })
  .meta({ id: 'ProviderVerdict' })
export type ProviderVerdict = z.infer<typeof providerVerdictSchema>

/** A connection to a model provider. The key itself is never sent back. */
export const providerSchema = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    protocol: protocolSchema,
    baseUrl: z.string(),
    /** `environment`: set by the operator, cannot be changed here. */
    source: z.enum(['environment', 'workspace', 'built-in']),
    hasKey: z.boolean(),
    /** The last characters of the key, to recognise it. */
    keyHint: z.string().nullable(),
    verdict: providerVerdictSchema,
    createdAt: timeSchema.nullable(),
  })
  .meta({ id: 'Provider' })
export type Provider = z.infer<typeof providerSchema>

const providerInput = {
  name: z.string().trim().min(1).max(60),
  baseUrl: z.url({ protocol: /^https?$/ }).max(500),
  apiKey: z.string().trim().max(1000),
}

export const modelEndpoints = {
  listModels: endpoint({
    method: 'GET',
    path: '/api/v1/models',
    tag: 'Models',
    summary: 'Models that can be chosen, the default first',
    access: 'models:read',
    query: pageQuerySchema.extend({ limit: z.coerce.number().int().min(1).max(1000).default(500) }),
    response: pageOf(modelSchema),
  }),
  setDefaultModel: endpoint({
    method: 'PUT',
    path: '/api/v1/models/default',
    tag: 'Models',
    summary: "Choose the workspace's default model; null lets Parley choose",
    access: 'models:manage',
    body: z.object({ model: z.string().max(300).nullable() }),
    response: z.object({ model: z.string() }),
  }),
  listProviders: endpoint({
    method: 'GET',
    path: '/api/v1/model-providers',
    tag: 'Models',
    summary: 'Connections to model providers, with their state',
    access: 'models:read',
    query: pageQuerySchema,
    response: pageOf(providerSchema),
  }),
  createProvider: endpoint({
    method: 'POST',
    path: '/api/v1/model-providers',
    tag: 'Models',
    summary: 'Connect a model provider; its address and key are tried, and kept only if they work or `force` is set',
    access: 'models:manage',
    cost: 'expensive',
    body: z.object({
      ...providerInput,
      protocol: z.enum(['openai', 'anthropic']),
      apiKey: providerInput.apiKey.optional(),
      force: z.boolean().optional(),
    }),
    response: providerSchema,
    status: 201,
    idempotent: true,
  }),
  updateProvider: endpoint({
    method: 'PATCH',
    path: '/api/v1/model-providers/{id}',
    tag: 'Models',
    summary: 'Change name, address or key; tried like a new one',
    access: 'models:manage',
    cost: 'expensive',
    params: z.object({ id: idSchema }),
    body: z.object({ ...providerInput, force: z.boolean() }).partial(),
    response: providerSchema,
  }),
  deleteProvider: endpoint({
    method: 'DELETE',
    path: '/api/v1/model-providers/{id}',
    tag: 'Models',
    summary: 'Disconnect a model provider and forget its key',
    access: 'models:manage',
    params: z.object({ id: idSchema }),
  }),
  testProvider: endpoint({
    method: 'POST',
    path: '/api/v1/model-providers/{id}/test',
    tag: 'Models',
    summary: 'Try address and key now and refresh the model list',
    access: 'models:manage',
    cost: 'expensive',
    params: z.object({ id: z.string().max(100) }),
    response: providerSchema,
  }),
  getGuidePage: endpoint({
    method: 'GET',
    path: '/api/v1/guide/{page}',
    tag: 'Models',
    summary: 'A page of the manual, as Markdown: what the built-in guide cites',
    access: 'models:read',
    params: z.object({
      page: z
        .string()
        .regex(/^[a-z0-9-]+$/)
        .max(100),
    }),
    response: z.object({ page: z.string(), title: z.string(), markdown: z.string() }),
  }),
}
