import { z } from 'zod'
import { idSchema, originSchema, timeSchema } from './common.ts'
import { failureSchema } from './errors.ts'
import { toolPolicySchema, toolResultSchema } from './tools.ts'

/** Step of the run that made a part; 0 for what people send. Parts of one step were one model call and its tool calls. */
const step = z.int()

export const textPartSchema = z.object({ type: z.literal('text'), text: z.string(), origin: originSchema, step })
export const reasoningPartSchema = z.object({
  type: z.literal('reasoning'),
  text: z.string(),
  origin: z.literal('model'),
  step,
  /** The provider's proof of its own reasoning, sent back to it unchanged. */
  signature: z.string().optional(),
})

/**
 * `writing`: the model is writing the arguments. `waiting`: a person has to decide. `running`, then `done` or `failed`.
 * `denied`: a person or a policy said no. `cancelled`: stopped, or overtaken by another message. `unknown`: the server
 * died while it ran, and the tool does not promise that a repeat is safe.
 */
export const toolCallStateSchema = z.enum([
  'writing',
  'waiting',
  'running',
  'done',
  'failed',
  'denied',
  'cancelled',
  'unknown',
])
export type ToolCallState = z.infer<typeof toolCallStateSchema>

export const toolCallPartSchema = z.object({
  type: z.literal('tool-call'),
  toolCallId: z.string(),
  /** The tool's name as the model called it. */
  name: z.string(),
  /** Names for people; equal to `name` for a tool that is not known. */
  title: z.string(),
  serverName: z.string(),
  /** JSON text of the arguments, growing while the model writes. */
  arguments: z.string(),
  state: toolCallStateSchema,
  policy: toolPolicySchema.optional(),
  /** Which definition of the tool was decided on; another one is not called in its place (P7). */
  definitionHash: z.string().optional(),
  /**
   * While waiting: why a person is asked. `arguments`: required ones are missing, `schema` says which. `untrusted`: the
   * tool is allowed, but the model has read text that no person here wrote.
   */
  ask: z
    .object({
      reason: z.enum(['approval', 'untrusted', 'arguments', 'interrupted']),
      readOnly: z.boolean(),
      destructive: z.boolean(),
      schema: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  progress: z.object({ done: z.number(), total: z.number().nullable(), message: z.string().nullable() }).optional(),
  result: toolResultSchema.optional(),
  /** Why it failed or was denied, for people. */
  detail: z.string().optional(),
  durationMs: z.int().optional(),
  origin: z.literal('model'),
  step,
})
export const filePartSchema = z.object({
  type: z.literal('file'),
  fileId: idSchema,
  name: z.string(),
  mediaType: z.string(),
  bytes: z.int(),
  origin: originSchema,
  step,
})
export const sourcePartSchema = z.object({
  type: z.literal('source'),
  /** Number by which the text refers to it: `[1]`. */
  number: z.int(),
  title: z.string(),
  /** Same-site path or http(s) address. */
  url: z.string(),
  excerpt: z.string(),
  origin: originSchema,
  step,
})
export const noticePartSchema = z.object({
  type: z.literal('notice'),
  level: z.enum(['info', 'warning', 'error']),
  text: z.string(),
  origin: z.literal('system'),
  step,
})

export const partSchema = z
  .discriminatedUnion('type', [
    textPartSchema,
    reasoningPartSchema,
    toolCallPartSchema,
    filePartSchema,
    sourcePartSchema,
    noticePartSchema,
  ])
  .meta({ id: 'Part' })
export type Part = z.infer<typeof partSchema>
export type TextPart = z.infer<typeof textPartSchema>
export type ReasoningPart = z.infer<typeof reasoningPartSchema>
export type ToolCallPart = z.infer<typeof toolCallPartSchema>
export type FilePart = z.infer<typeof filePartSchema>
export type SourcePart = z.infer<typeof sourcePartSchema>

/** Tokens and cost of a message, summed over its model calls. Cost is null when the price is not known. */
export const usageSchema = z
  .object({
    inputTokens: z.int(),
    cachedInputTokens: z.int(),
    outputTokens: z.int(),
    reasoningTokens: z.int(),
    costMicroUsd: z.int().nullable(),
  })
  .meta({ id: 'Usage' })
export type Usage = z.infer<typeof usageSchema>

/** `waiting`: ends with a question to a person. `stopped`: by a person; what was written is kept. */
export const messageStatusSchema = z.enum(['writing', 'waiting', 'complete', 'stopped', 'failed'])
export type MessageStatus = z.infer<typeof messageStatusSchema>

export const messageSchema = z
  .object({
    id: idSchema,
    conversationId: idSchema,
    parentId: idSchema.nullable(),
    /** All children of the same parent, in the order they were made, this one included. */
    siblingIds: z.array(idSchema),
    role: z.enum(['user', 'assistant']),
    /** User: who wrote it. Null in answers, and in messages from before sharing, which are the owner's. */
    authorId: idSchema.nullable(),
    status: messageStatusSchema,
    parts: z.array(partSchema),
    /** Assistant: the model that answered. */
    model: z.string().nullable(),
    usage: usageSchema.nullable(),
    /** Assistant: why it failed. */
    error: failureSchema.nullable(),
    /** Assistant: the last run that worked on it. */
    runId: idSchema.nullable(),
    createdAt: timeSchema,
  })
  .meta({ id: 'Message' })
export type Message = z.infer<typeof messageSchema>
