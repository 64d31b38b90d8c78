import { z } from 'zod'
import { idSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { failureSchema } from './errors.ts'
import { messageSchema, usageSchema } from './messages.ts'

/** `running` also while queued for another process; `interrupted`: ended with a question; `stopped`: by a person. */
export const runStatusSchema = z.enum(['running', 'interrupted', 'finished', 'stopped', 'failed'])
export type RunStatus = z.infer<typeof runStatusSchema>

/** A question that ended a run; `id` is the tool call's. */
export const interruptSchema = z.object({
  id: z.string(),
  reason: z.enum(['approval', 'untrusted', 'arguments', 'interrupted']),
  message: z.string(),
  toolCallId: z.string(),
})
export type Interrupt = z.infer<typeof interruptSchema>

export const runSchema = z
  .object({
    id: idSchema,
    conversationId: idSchema,
    /** The assistant message it writes. */
    messageId: idSchema,
    status: runStatusSchema,
    model: z.string(),
    interrupts: z.array(interruptSchema),
    usage: usageSchema.nullable(),
    error: failureSchema.nullable(),
    /** The run that went on after this one was interrupted. */
    nextRunId: idSchema.nullable(),
    createdAt: timeSchema,
    finishedAt: timeSchema.nullable(),
  })
  .meta({ id: 'Run' })
export type Run = z.infer<typeof runSchema>

/** 202 of a request that started a run; follow it at `/api/v1/runs/{run.id}/events`. */
export const startedSchema = z
  .object({ run: runSchema, userMessage: messageSchema.nullable(), assistantMessage: messageSchema })
  .meta({ id: 'StartedRun' })
export type Started = z.infer<typeof startedSchema>

const contentPartSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string().min(1).max(400_000) }),
  z.object({ type: z.literal('file'), fileId: idSchema }),
])

/** Text, or parts in order. */
export const contentSchema = z.union([z.string().trim().min(1).max(400_000), z.array(contentPartSchema).min(1).max(20)])
export type Content = z.infer<typeof contentSchema>

export const answerSchema = z.object({
  /** `id` of the interrupt. */
  interruptId: z.string().max(200),
  /**
   * `always`: approve, and allow this tool in this workspace from now on (needs `tools:manage`); where it asked for the
   * foreign text that was read, whatever is read.
   */
  decision: z.enum(['approve', 'always', 'deny']),
  /** Replaces the arguments the model wrote. */
  arguments: z.record(z.string(), z.unknown()).optional(),
})

const runParams = z.object({ id: idSchema })
const startsRun =
  '`Accept: text/event-stream` answers with the run’s events (AG-UI, numbered; header `Parley-Run-Id`); `Prefer: wait` with the finished message (200); otherwise 202 at once.'

export const chatEndpoints = {
  sendMessage: endpoint({
    method: 'POST',
    path: '/api/v1/conversations/{id}/messages',
    tag: 'Chat',
    summary: 'Send a message and have it answered',
    description: startsRun,
    access: 'conversations:write',
    cost: 'message',
    params: z.object({ id: idSchema }),
    body: z.object({
      content: contentSchema,
      /** The message it follows; null starts a new first message; default: the active leaf. Naming an earlier message makes a sibling branch: that is how a message is edited. */
      parentId: idSchema.nullable().optional(),
      /** Default: the conversation's model, else its preset's, else the workspace's default. */
      model: z.string().max(300).optional(),
      /** Default: the preset's, else what the model allows. */
      maxOutputTokens: z.int().min(1).max(1_000_000).optional(),
      /** Refuse as `version_conflict` when the conversation changed since. */
      version: z.int().optional(),
    }),
    response: z.union([startedSchema, messageSchema]),
    status: 202,
    media: { response: ['text/event-stream'] },
    idempotent: true,
  }),
  regenerateMessage: endpoint({
    method: 'POST',
    path: '/api/v1/messages/{id}/regenerate',
    tag: 'Chat',
    summary: 'Answer again: a sibling of an assistant message',
    description: startsRun,
    access: 'conversations:write',
    cost: 'message',
    params: z.object({ id: idSchema }),
    body: z.object({ model: z.string().max(300).optional(), version: z.int().optional() }).default({}),
    response: z.union([startedSchema, messageSchema]),
    status: 202,
    media: { response: ['text/event-stream'] },
    idempotent: true,
  }),
  getRun: endpoint({
    method: 'GET',
    path: '/api/v1/runs/{id}',
    tag: 'Chat',
    summary: 'State of a run',
    access: 'conversations:read',
    params: runParams,
    response: runSchema,
  }),
  streamRun: endpoint({
    method: 'GET',
    path: '/api/v1/runs/{id}/events',
    tag: 'Chat',
    summary: 'Events of a run as server-sent events; `Last-Event-ID` or `after` resumes',
    access: 'conversations:read',
    params: runParams,
    query: z.object({ after: z.coerce.number().int().min(0).optional() }),
    media: { response: ['text/event-stream'] },
    status: 200,
    vital: true,
  }),
  stopRun: endpoint({
    method: 'POST',
    path: '/api/v1/runs/{id}/stop',
    tag: 'Chat',
    summary: 'Stop: keeps what was written, closes the connection to the model; does nothing to an ended run',
    access: 'conversations:write',
    vital: true,
    params: runParams,
    response: runSchema,
    status: 202,
  }),
  resumeRun: endpoint({
    method: 'POST',
    path: '/api/v1/runs/{id}/resume',
    tag: 'Chat',
    summary: 'Answer what an interrupted run asked; the next run goes on with the same message',
    description: startsRun,
    access: 'conversations:write',
    cost: 'expensive',
    params: runParams,
    body: z.object({ answers: z.array(answerSchema).min(1).max(100) }),
    response: z.union([startedSchema, messageSchema]),
    status: 202,
    media: { response: ['text/event-stream'] },
    idempotent: true,
  }),
}
