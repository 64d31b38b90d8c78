import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { messageSchema } from './messages.ts'
import { levelSchema } from './sharing.ts'

/** The preset of a conversation, as the caller has it. Its instructions are never told here. */
export const conversationPresetSchema = z.object({
  id: idSchema,
  /** Null: the caller may not see it (any more), or it was deleted. */
  name: z.string().nullable(),
  /** Model that answers where neither the message nor the conversation names one; null also where `name` is. */
  model: z.string().nullable(),
  /** Whether the caller may chat with it; else their messages are answered without it, and the answers say so. */
  usable: z.boolean(),
})
export type ConversationPreset = z.infer<typeof conversationPresetSchema>

export const conversationSchema = z
  .object({
    id: idSchema,
    title: z.string(),
    /** The message the conversation stands at: the newest of the branch that is shown. Null while empty. */
    activeLeafId: idSchema.nullable(),
    /** Model that new messages go to; null: the workspace's default. */
    model: z.string().nullable(),
    /** What new messages are answered with; null: no preset. */
    preset: conversationPresetSchema.nullable(),
    /** Grows with every change; send it back with a write to be told when someone else was faster. */
    version: z.int(),
    /** The run writing a reply right now, if one is. */
    activeRunId: idSchema.nullable(),
    /** Who it belongs to; null when that is the caller. */
    owner: z.object({ id: idSchema, name: z.string() }).nullable(),
    /** Whether others than the owner have access. */
    shared: z.boolean(),
    /** What the caller may do with it; owners `manage`. */
    level: levelSchema,
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'Conversation' })
export type Conversation = z.infer<typeof conversationSchema>

const titleSchema = z.string().trim().min(1).max(200)
const params = z.object({ id: idSchema })

export const conversationEndpoints = {
  listConversations: endpoint({
    method: 'GET',
    path: '/api/v1/conversations',
    tag: 'Conversations',
    summary: "List one's conversations, or those others shared, last changed first",
    access: 'conversations:read',
    query: pageQuerySchema.extend({
      /** Words of the title. */
      search: z.string().trim().max(200).optional(),
      /** `own`: one's own. `shared`: what others shared with the caller, or with a group or workspace they are in. */
      filter: z.enum(['own', 'shared']).default('own'),
    }),
    response: pageOf(conversationSchema),
  }),
  createConversation: endpoint({
    method: 'POST',
    path: '/api/v1/conversations',
    tag: 'Conversations',
    summary: 'Start an empty conversation',
    access: 'conversations:write',
    body: z
      .object({
        title: titleSchema.optional(),
        model: z.string().max(300).nullable().optional(),
        /** A preset that the caller may use. */
        presetId: idSchema.nullable().optional(),
      })
      .default({}),
    response: conversationSchema,
    status: 201,
    idempotent: true,
  }),
  getConversation: endpoint({
    method: 'GET',
    path: '/api/v1/conversations/{id}',
    tag: 'Conversations',
    summary: 'Read a conversation (without its messages)',
    access: 'conversations:read',
    params,
    response: conversationSchema,
  }),
  updateConversation: endpoint({
    method: 'PATCH',
    path: '/api/v1/conversations/{id}',
    tag: 'Conversations',
    summary: 'Rename, choose a model or a preset, or show another branch',
    description:
      'With `version` (or `If-Match`), refused as `version_conflict` when the conversation changed since. `activeMessageId` may be any message: the newest branch through it is shown. A preset with a model takes the place of the model that was chosen before, unless `model` is given too.',
    access: 'conversations:write',
    params,
    body: z
      .object({
        title: titleSchema,
        model: z.string().max(300).nullable(),
        /** A preset that the caller may use; null: none. */
        presetId: idSchema.nullable(),
        activeMessageId: idSchema,
        version: z.int(),
      })
      .partial(),
    response: conversationSchema,
  }),
  deleteConversation: endpoint({
    method: 'DELETE',
    path: '/api/v1/conversations/{id}',
    tag: 'Conversations',
    summary: 'Delete a conversation and all its messages; a reply being written is stopped',
    access: 'conversations:write',
    params,
  }),
  listMessages: endpoint({
    method: 'GET',
    path: '/api/v1/conversations/{id}/messages',
    tag: 'Conversations',
    summary: 'Messages of a branch, oldest first; the page ends at the leaf, `nextCursor` leads to earlier ones',
    access: 'conversations:read',
    params,
    query: pageQuerySchema.extend({
      limit: z.coerce.number().int().min(1).max(200).default(100),
      /** A message of the branch to list; default: the active leaf. */
      leaf: idSchema.optional(),
    }),
    response: pageOf(messageSchema),
  }),
}
