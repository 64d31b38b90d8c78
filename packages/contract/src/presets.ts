import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { levelSchema } from './sharing.ts'

/** A preset as lists show it: everything but its instructions. */
export const presetSummarySchema = z
  .object({
    id: idSchema,
    name: z.string(),
    /** What it is for, for people; models are not told. */
    description: z.string(),
    /** Model that answers; null: the workspace's default. */
    model: z.string().nullable(),
    /** Tokens an answer may have at most; null: what the model allows. */
    maxOutputTokens: z.int().nullable(),
    /**
     * MCP servers whose tools the model is told of; null: all that the person who asks may use. Never more than those.
     * Servers that the caller may not see are left out, and kept by a change.
     */
    serverIds: z.array(z.string()).nullable(),
    /** Grows with every change; send it back with a write to be told when someone else was faster. */
    version: z.int(),
    /** Who it belongs to; null when that is the caller. */
    owner: z.object({ id: idSchema, name: z.string() }).nullable(),
    /** Whether others than the owner have access. */
    shared: z.boolean(),
    /** What the caller may do with it: `view` reads it, `use` chats with it; owners `manage`. */
    level: levelSchema,
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'PresetSummary' })
export type PresetSummary = z.infer<typeof presetSummarySchema>

/** A named set of settings to chat with. */
export const presetSchema = presetSummarySchema
  .extend({
    /** What the model is told before the conversation begins, below Parley's own instructions. */
    instructions: z.string(),
  })
  .meta({ id: 'Preset' })
export type Preset = z.infer<typeof presetSchema>

const nameSchema = z.string().trim().min(1).max(100)
const settings = z
  .object({
    description: z.string().trim().max(500),
    model: z.string().min(1).max(300).nullable(),
    instructions: z.string().trim().max(20_000),
    maxOutputTokens: z.int().min(1).max(1_000_000).nullable(),
    serverIds: z.array(z.string().min(1).max(100)).max(100).nullable(),
  })
  .partial()
const params = z.object({ id: idSchema })

export const presetEndpoints = {
  listPresets: endpoint({
    method: 'GET',
    path: '/api/v1/presets',
    tag: 'Presets',
    summary: "One's presets and those others shared, by name, without their instructions",
    access: 'presets:read',
    query: pageQuerySchema.extend({
      /** Words of the name. */
      search: z.string().trim().max(100).optional(),
      /** `own`: one's own. `shared`: what others shared with the caller, or with a group or workspace they are in. */
      filter: z.enum(['all', 'own', 'shared']).default('all'),
    }),
    response: pageOf(presetSummarySchema),
  }),
  createPreset: endpoint({
    method: 'POST',
    path: '/api/v1/presets',
    tag: 'Presets',
    summary: 'Make a preset; what is left out is as it is without one',
    access: 'presets:write',
    body: settings.extend({ name: nameSchema }),
    response: presetSchema,
    status: 201,
    idempotent: true,
  }),
  getPreset: endpoint({
    method: 'GET',
    path: '/api/v1/presets/{id}',
    tag: 'Presets',
    summary: 'One preset, with its instructions',
    access: 'presets:read',
    params,
    response: presetSchema,
  }),
  updatePreset: endpoint({
    method: 'PATCH',
    path: '/api/v1/presets/{id}',
    tag: 'Presets',
    summary: 'Change a preset; answers that begin from now on are written with it as it is then',
    description: 'With `version` (or `If-Match`), refused as `version_conflict` when the preset changed since.',
    access: 'presets:write',
    params,
    body: settings.extend({ name: nameSchema.optional(), version: z.int().optional() }),
    response: presetSchema,
  }),
  deletePreset: endpoint({
    method: 'DELETE',
    path: '/api/v1/presets/{id}',
    tag: 'Presets',
    summary: 'Delete a preset; conversations that have it go on without it',
    access: 'presets:write',
    params,
  }),
  duplicatePreset: endpoint({
    method: 'POST',
    path: '/api/v1/presets/{id}/duplicate',
    tag: 'Presets',
    summary: "Make a copy of one's own of a preset that one may see",
    access: 'presets:write',
    params,
    body: z.object({ name: nameSchema.optional() }).default({}),
    response: presetSchema,
    status: 201,
    idempotent: true,
  }),
}
