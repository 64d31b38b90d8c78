import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { emailSchema, workspaceSchema } from './identity.ts'

/** An invitation to a workspace: for one address, or a link that several people may use. */
export const invitationSchema = z
  .object({
    id: idSchema,
    /** Null for a link. */
    email: z.string().nullable(),
    /** Built-in or custom; `id` as in the list of roles. */
    role: z.object({ id: z.string(), name: z.string() }),
    state: z.enum(['open', 'accepted', 'expired', 'revoked']),
    /** To hand over; null when it was mailed (then it is for the reader of that mailbox alone), or works no more. */
    url: z.string().nullable(),
    uses: z.int(),
    maxUses: z.int(),
    /** Null when they are gone. */
    invitedBy: z.string().nullable(),
    createdAt: timeSchema,
    /** When it was last mailed. */
    sentAt: timeSchema.nullable(),
    expiresAt: timeSchema,
  })
  .meta({ id: 'Invitation' })
export type Invitation = z.infer<typeof invitationSchema>

/** What the holder of a link is told before they follow it. */
export const linkInfoSchema = z
  .object({
    kind: z.enum(['sign-up', 'reset-password', 'verify-email', 'change-email', 'invitation']),
    /** The address it is for; null for an invitation that anyone may use. */
    email: z.string().nullable(),
    /** With an invitation: to what, by whom. */
    invitation: z.object({ workspace: z.string(), invitedBy: z.string().nullable(), role: z.string() }).nullable(),
    /** Whether there is an account with this address, for those who have shown that they read its mail; else null. */
    hasAccount: z.boolean().nullable(),
    expiresAt: timeSchema,
  })
  .meta({ id: 'LinkInfo' })
export type LinkInfo = z.infer<typeof linkInfoSchema>

const token = z.string().min(1).max(200)
const params = z.object({ id: idSchema })
const expiresInDays = z.int().min(1).max(90)

export const invitationEndpoints = {
  listInvitations: endpoint({
    method: 'GET',
    path: '/api/v1/invitations',
    tag: 'People',
    summary: 'List invitations, newest first: those that wait or have expired, or all',
    access: 'people:manage',
    query: pageQuerySchema.extend({ state: z.enum(['waiting', 'all']).default('waiting') }),
    response: pageOf(invitationSchema),
  }),
  createInvitation: endpoint({
    method: 'POST',
    path: '/api/v1/invitations',
    tag: 'People',
    summary: 'Invite someone by email, or without an address make a link',
    access: 'people:manage',
    body: z.object({
      email: emailSchema.optional(),
      /** A built-in role, or the id of a custom one. */
      role: z.string().min(1).max(100),
      /** Default 7. */
      expiresInDays: expiresInDays.optional(),
      /** How many people may use the link; default 1. An invitation by email is for one. */
      maxUses: z.int().min(1).max(1000).optional(),
    }),
    response: invitationSchema,
    status: 201,
    idempotent: true,
  }),
  resendInvitation: endpoint({
    method: 'POST',
    path: '/api/v1/invitations/{id}/resend',
    tag: 'People',
    summary: 'Mail it again, and let it be good for as long as at first; a link is only renewed',
    access: 'people:manage',
    params,
    response: invitationSchema,
  }),
  revokeInvitation: endpoint({
    method: 'DELETE',
    path: '/api/v1/invitations/{id}',
    tag: 'People',
    summary: 'Revoke an invitation; nobody comes in by it any more',
    access: 'people:manage',
    params,
  }),
  inspectLink: endpoint({
    method: 'POST',
    path: '/api/v1/auth/links',
    tag: 'Identity',
    summary: 'Tell what a mailed link or an invitation is for, without following it',
    access: 'public',
    body: z.object({ token }),
    response: linkInfoSchema,
  }),
  acceptInvitation: endpoint({
    method: 'POST',
    path: '/api/v1/me/invitations',
    tag: 'People',
    summary: 'Join the workspace of an invitation with one’s account; the session goes on there',
    access: 'session',
    body: z.object({ token }),
    response: workspaceSchema,
  }),
}
