import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, roleSchema, scopeSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

/** A member of the workspace that is a program: it has API keys, cannot sign in, and belongs to no person. */
export const serviceAccountSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    /** What it is for. */
    description: z.string(),
    role: roleSchema,
    /** Counts in place of `role`. */
    customRole: z.object({ id: idSchema, name: z.string() }).nullable(),
    /** What its role allows: its keys allow no more. */
    scopes: z.array(scopeSchema),
    createdAt: timeSchema,
    /** Who made it; null when that person is gone. */
    createdBy: z.object({ id: idSchema, name: z.string() }).nullable(),
    /** Its keys that work. */
    keyCount: z.int(),
    lastUsedAt: timeSchema.nullable(),
  })
  .meta({ id: 'ServiceAccount' })
export type ServiceAccount = z.infer<typeof serviceAccountSchema>

const fields = {
  name: z.string().trim().min(1).max(100),
  description: z.string().trim().max(500),
  /** `admin`, `member`, `viewer`, or the id of a custom role. */
  role: z.string().min(1).max(100),
}
const params = z.object({ id: idSchema })

export const serviceAccountEndpoints = {
  listServiceAccounts: endpoint({
    method: 'GET',
    path: '/api/v1/service-accounts',
    tag: 'Service accounts',
    summary: 'Service accounts of the workspace, newest first',
    access: 'people:manage',
    query: pageQuerySchema,
    response: pageOf(serviceAccountSchema),
  }),
  createServiceAccount: endpoint({
    method: 'POST',
    path: '/api/v1/service-accounts',
    tag: 'Service accounts',
    summary: 'Make a service account; give it a key with `POST /api/v1/api-keys`',
    access: 'people:manage',
    body: z.object({ name: fields.name, description: fields.description.default(''), role: fields.role }),
    response: serviceAccountSchema,
    status: 201,
    idempotent: true,
  }),
  updateServiceAccount: endpoint({
    method: 'PATCH',
    path: '/api/v1/service-accounts/{id}',
    tag: 'Service accounts',
    summary: 'Change name, description or role',
    access: 'people:manage',
    params,
    body: z.object(fields).partial(),
    response: serviceAccountSchema,
  }),
  deleteServiceAccount: endpoint({
    method: 'DELETE',
    path: '/api/v1/service-accounts/{id}',
    tag: 'Service accounts',
    summary: 'Delete a service account with its keys and conversations',
    access: 'people:manage',
    params,
  }),
}
