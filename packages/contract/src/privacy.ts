import { z } from 'zod'
import { endpoint } from './endpoint.ts'

/** `secret`: passwords, keys and tokens. */
export const privateKinds = ['email', 'phone', 'card', 'iban', 'national-id', 'ip-address', 'secret'] as const
export type PrivateKind = (typeof privateKinds)[number]

/**
 * What happens to private data in what a model is told. `warn`: the answer says so. `redact`: the provider gets placeholders,
 * people see the originals. `block`: the model is not asked.
 */
export const privacyModeSchema = z.enum(['off', 'warn', 'redact', 'block'])
export type PrivacyMode = z.infer<typeof privacyModeSchema>

export const privacySchema = z
  .object({
    mode: privacyModeSchema,
    /** How often each kind was found in the last 30 days. What was found is not kept. */
    counts: z.array(z.object({ kind: z.enum(privateKinds), count: z.int() })),
  })
  .meta({ id: 'Privacy' })
export type Privacy = z.infer<typeof privacySchema>

export const privacyEndpoints = {
  getPrivacy: endpoint({
    method: 'GET',
    path: '/api/v1/workspace/privacy',
    tag: 'Workspaces',
    summary: 'What happens to private data before a model gets it, and how much was found',
    access: 'workspace:manage',
    response: privacySchema,
  }),
  setPrivacy: endpoint({
    method: 'PUT',
    path: '/api/v1/workspace/privacy',
    tag: 'Workspaces',
    summary: 'Choose what happens to private data before a model gets it',
    access: 'workspace:manage',
    body: z.object({ mode: privacyModeSchema }),
    response: privacySchema,
  }),
}
