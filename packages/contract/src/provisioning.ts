import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

/** What a directory (Okta, Entra ID, …) authenticates with at `/scim/v2`; good for nothing else. */
export const scimTokenSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    /** The first characters, enough to recognise it. */
    prefix: z.string(),
    /** Who made it, or rotated it last; null when their account is gone. */
    createdBy: z.string().nullable(),
    createdAt: timeSchema,
    rotatedAt: timeSchema.nullable(),
    lastUsedAt: timeSchema.nullable(),
    /** Until when the token from before the last rotation works as well; null when it does no more. */
    previousUntil: timeSchema.nullable(),
  })
  .meta({ id: 'ScimToken' })
export type ScimToken = z.infer<typeof scimTokenSchema>

/** The only answers that hold the token itself. */
export const scimTokenWithSecretSchema = scimTokenSchema
  .extend({ token: z.string() })
  .meta({ id: 'ScimTokenWithSecret' })
export type ScimTokenWithSecret = z.infer<typeof scimTokenWithSecretSchema>

export const provisioningSchema = z
  .object({
    /** To be entered at the identity provider. */
    baseUrl: z.string(),
    tokens: z.array(scimTokenSchema),
    /** How many people the directory keeps in, keeps out, or waits for. */
    people: z.object({ active: z.int(), suspended: z.int(), waiting: z.int() }),
  })
  .meta({ id: 'Provisioning' })
export type Provisioning = z.infer<typeof provisioningSchema>

/** Somebody of a directory who is not in: `suspended` by it, or asked and `waiting`, or `declined`. */
export const provisionedPersonSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    userName: z.string(),
    state: z.enum(['suspended', 'waiting', 'declined']),
    changedAt: timeSchema,
    /** When they were asked last. */
    offeredAt: timeSchema.nullable(),
  })
  .meta({ id: 'ProvisionedPerson' })
export type ProvisionedPerson = z.infer<typeof provisionedPersonSchema>

const params = z.object({ id: idSchema })
const name = z.string().trim().min(1).max(100)
const offer = z.object({ token: z.string().max(200) })

export const provisioningEndpoints = {
  getProvisioning: endpoint({
    method: 'GET',
    path: '/api/v1/provisioning',
    tag: 'Provisioning',
    summary: 'How directories provision people by SCIM 2.0: address, tokens, numbers',
    access: 'workspace:manage',
    response: provisioningSchema,
  }),
  createScimToken: endpoint({
    method: 'POST',
    path: '/api/v1/scim-tokens',
    tag: 'Provisioning',
    summary: 'Make a token for a directory; the answer is the only one that shows it',
    description:
      'Needs a signed-in person who may manage people, too. A directory can give nobody more than its maker may do.',
    access: 'workspace:manage',
    body: z.object({ name }),
    response: scimTokenWithSecretSchema,
    status: 201,
    idempotent: true,
  }),
  rotateScimToken: endpoint({
    method: 'POST',
    path: '/api/v1/scim-tokens/{id}/rotate',
    tag: 'Provisioning',
    summary: 'Replace a token; the old one works for `overlapHours` more',
    access: 'workspace:manage',
    params,
    body: z.object({ overlapHours: z.int().min(0).max(168).default(24) }),
    response: scimTokenWithSecretSchema,
    idempotent: true,
  }),
  revokeScimToken: endpoint({
    method: 'DELETE',
    path: '/api/v1/scim-tokens/{id}',
    tag: 'Provisioning',
    summary: 'Revoke a token; the directory is refused at once, and everyone stays as they are',
    access: 'workspace:manage',
    params,
  }),
  listProvisionedPeople: endpoint({
    method: 'GET',
    path: '/api/v1/provisioned-people',
    tag: 'Provisioning',
    summary: 'People of the directory who are not in: suspended, or not agreed yet; newest change first',
    access: 'workspace:manage',
    query: pageQuerySchema,
    response: pageOf(provisionedPersonSchema),
  }),
  repeatOffer: endpoint({
    method: 'POST',
    path: '/api/v1/provisioned-people/{id}/offer',
    tag: 'Provisioning',
    summary: 'Ask somebody again whose account is older than their provisioning',
    access: 'workspace:manage',
    params,
  }),
  lookAtOffer: endpoint({
    method: 'POST',
    path: '/api/v1/workspace-offers/look',
    tag: 'Provisioning',
    summary: 'What the link of a mail offers: which workspace wants to add the signed-in person',
    access: 'session',
    body: offer,
    response: z.object({ workspaceId: idSchema, workspaceName: z.string() }),
  }),
  acceptOffer: endpoint({
    method: 'POST',
    path: '/api/v1/workspace-offers/accept',
    tag: 'Provisioning',
    summary: 'Join the workspace; the session goes on there',
    access: 'session',
    body: offer,
  }),
  declineOffer: endpoint({
    method: 'POST',
    path: '/api/v1/workspace-offers/decline',
    tag: 'Provisioning',
    summary: 'Do not join the workspace',
    access: 'session',
    body: offer,
  }),
}
