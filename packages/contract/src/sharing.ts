import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

/** What someone may do with a thing that is shared, each including the ones before it. */
export const levels = ['view', 'use', 'edit', 'manage'] as const
export const levelSchema = z.enum(levels)
export type Level = z.infer<typeof levelSchema>

/** Whom something is shared with: a person, a group, or everyone in the workspace. */
export const subjectSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), id: idSchema }),
  z.object({ kind: z.literal('group'), id: idSchema }),
  z.object({ kind: z.literal('workspace') }),
])
export type Subject = z.infer<typeof subjectSchema>

export const grantSchema = z
  .object({
    id: idSchema,
    subject: subjectSchema,
    /** Of the person, group or workspace. */
    name: z.string(),
    /** The person's email address; null for the rest. */
    email: z.string().nullable(),
    /** How many people a group has; null for the rest. */
    memberCount: z.int().nullable(),
    level: levelSchema,
    createdAt: timeSchema,
  })
  .meta({ id: 'Grant' })
export type Grant = z.infer<typeof grantSchema>

/** A person or group that something can be shared with. */
export const shareableWithSchema = z
  .object({
    kind: z.enum(['user', 'group']),
    id: idSchema,
    name: z.string(),
    email: z.string().nullable(),
    memberCount: z.int().nullable(),
  })
  .meta({ id: 'ShareableWith' })
export type ShareableWith = z.infer<typeof shareableWithSchema>

export const participantSchema = z.object({ id: idSchema, name: z.string() }).meta({ id: 'Participant' })
export type Participant = z.infer<typeof participantSchema>

/** `everyone` in the workspace, or `chosen` people and groups only. */
export const audienceSchema = z.enum(['everyone', 'chosen'])
export type Audience = z.infer<typeof audienceSchema>

const conversation = z.object({ id: idSchema })
const preset = z.object({ id: idSchema })
const server = z.object({ id: z.string().max(100) })
const grant = { grantId: idSchema }
const newGrant = z.object({ subject: subjectSchema, level: levelSchema })

export const sharingEndpoints = {
  listShareableWith: endpoint({
    method: 'GET',
    path: '/api/v1/shareable-with',
    tag: 'Sharing',
    summary: 'People and groups of the workspace to share with, by name',
    access: 'people:read',
    query: z.object({
      /** Words of a name or email address. */
      search: z.string().trim().max(100).optional(),
      limit: z.coerce.number().int().min(1).max(50).default(10),
    }),
    response: z.object({ data: z.array(shareableWithSchema) }),
  }),
  listConversationGrants: endpoint({
    method: 'GET',
    path: '/api/v1/conversations/{id}/grants',
    tag: 'Sharing',
    summary: 'Whom a conversation is shared with',
    access: 'conversations:read',
    params: conversation,
    query: pageQuerySchema,
    response: pageOf(grantSchema),
  }),
  putConversationGrant: endpoint({
    method: 'PUT',
    path: '/api/v1/conversations/{id}/grants',
    tag: 'Sharing',
    summary: 'Share a conversation with a person, a group or the workspace, or change the level',
    access: 'conversations:write',
    params: conversation,
    body: newGrant,
    response: grantSchema,
  }),
  deleteConversationGrant: endpoint({
    method: 'DELETE',
    path: '/api/v1/conversations/{id}/grants/{grantId}',
    tag: 'Sharing',
    summary: 'Share with someone no more; one’s own share can be given up by anyone',
    access: 'conversations:read',
    params: conversation.extend(grant),
  }),
  listParticipants: endpoint({
    method: 'GET',
    path: '/api/v1/conversations/{id}/participants',
    tag: 'Sharing',
    summary: 'Who wrote in a conversation, its owner first',
    access: 'conversations:read',
    params: conversation,
    response: z.object({ data: z.array(participantSchema) }),
  }),
  listPresetGrants: endpoint({
    method: 'GET',
    path: '/api/v1/presets/{id}/grants',
    tag: 'Sharing',
    summary: 'Whom a preset is shared with',
    access: 'presets:read',
    params: preset,
    query: pageQuerySchema,
    response: pageOf(grantSchema),
  }),
  putPresetGrant: endpoint({
    method: 'PUT',
    path: '/api/v1/presets/{id}/grants',
    tag: 'Sharing',
    summary: 'Share a preset with a person, a group or the workspace, or change the level',
    access: 'presets:write',
    params: preset,
    body: newGrant,
    response: grantSchema,
  }),
  deletePresetGrant: endpoint({
    method: 'DELETE',
    path: '/api/v1/presets/{id}/grants/{grantId}',
    tag: 'Sharing',
    summary: 'Share with someone no more; one’s own share can be given up by anyone',
    access: 'presets:read',
    params: preset.extend(grant),
  }),
  listMcpServerGrants: endpoint({
    method: 'GET',
    path: '/api/v1/mcp-servers/{id}/grants',
    tag: 'Sharing',
    summary: 'Who may use an MCP server, where not everyone may',
    access: 'tools:manage',
    params: server,
    query: pageQuerySchema,
    response: pageOf(grantSchema),
  }),
  putMcpServerGrant: endpoint({
    method: 'PUT',
    path: '/api/v1/mcp-servers/{id}/grants',
    tag: 'Sharing',
    summary: 'Let a person or a group see (`view`) or use (`use`) an MCP server',
    access: 'tools:manage',
    params: server,
    body: newGrant,
    response: grantSchema,
  }),
  deleteMcpServerGrant: endpoint({
    method: 'DELETE',
    path: '/api/v1/mcp-servers/{id}/grants/{grantId}',
    tag: 'Sharing',
    summary: 'Take the right to use an MCP server back',
    access: 'tools:manage',
    params: server.extend(grant),
  }),
  setMcpServerAudience: endpoint({
    method: 'PUT',
    path: '/api/v1/mcp-servers/{id}/audience',
    tag: 'Sharing',
    summary: 'Open an MCP server to everyone in the workspace, or only to chosen people and groups',
    access: 'tools:manage',
    params: server,
    body: z.object({ audience: audienceSchema }),
    response: z.object({ audience: audienceSchema }),
  }),
}
