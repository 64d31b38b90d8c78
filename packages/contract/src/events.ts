import type { BudgetNotice } from './budgets.ts'
import type { Interrupt } from './chat.ts'
import type { ErrorCode } from './errors.ts'
import type { Message, Part } from './messages.ts'

/**
 * Events of a run: AG-UI 1.0, spelled as its wire format (https://docs.ag-ui.com/concepts/events), a subset of its
 * types. Ids of text and reasoning messages are `<assistant message id>/<part index>`, so that one assistant message of
 * Parley can hold many. What AG-UI lacks is CUSTOM under `parley.`.
 */
export type RunEvent =
  | { type: 'RUN_STARTED'; threadId: string; runId: string }
  | { type: 'STEP_STARTED'; stepName: string }
  | { type: 'STEP_FINISHED'; stepName: string }
  | { type: 'TEXT_MESSAGE_START'; messageId: string; role: 'assistant' }
  | { type: 'TEXT_MESSAGE_CONTENT'; messageId: string; delta: string }
  | { type: 'TEXT_MESSAGE_END'; messageId: string }
  | { type: 'REASONING_START'; messageId: string }
  | { type: 'REASONING_MESSAGE_START'; messageId: string; role: 'reasoning' }
  | { type: 'REASONING_MESSAGE_CONTENT'; messageId: string; delta: string }
  | { type: 'REASONING_MESSAGE_END'; messageId: string }
  | { type: 'REASONING_END'; messageId: string }
  | { type: 'TOOL_CALL_START'; toolCallId: string; toolCallName: string; parentMessageId: string }
  | { type: 'TOOL_CALL_ARGS'; toolCallId: string; delta: string }
  | { type: 'TOOL_CALL_END'; toolCallId: string }
  | { type: 'TOOL_CALL_RESULT'; messageId: string; toolCallId: string; content: string; role: 'tool' }
  | {
      type: 'ACTIVITY_SNAPSHOT'
      messageId: string
      activityType: 'tool-progress'
      content: { toolCallId: string; done: number; total: number | null; message: string | null }
      replace: boolean
    }
  | CustomEvent
  | {
      type: 'RUN_FINISHED'
      threadId: string
      runId: string
      outcome: { type: 'success' } | { type: 'cancelled' } | { type: 'interrupt'; interrupts: Interrupt[] }
      usage: {
        provider: string
        model: string
        inputTokens: number
        outputTokens: number
        cachedInputTokens: number
        reasoningTokens: number
      }[]
    }
  | { type: 'RUN_ERROR'; message: string; code: ErrorCode }

export type CustomEvent =
  /** A part came to be or changed as a whole: `index` is its place in the message. Says what AG-UI's events leave out (titles, states, sources). */
  | { type: 'CUSTOM'; name: 'parley.part'; value: { messageId: string; index: number; part: Part } }
  /** Forget what this run showed of the message: it is this. Sent after a takeover, and to a reader too far behind. */
  | { type: 'CUSTOM'; name: 'parley.rewind'; value: { message: Message } }
  /** Who answers, and why it is that model. */
  | { type: 'CUSTOM'; name: 'parley.model'; value: { messageId: string; model: string; reason: string } }
  /** A budget warns, gives the answer less room, or stops the run. */
  | { type: 'CUSTOM'; name: 'parley.limit'; value: BudgetNotice }
  /** Last before RUN_FINISHED or RUN_ERROR: the message as stored, but for its parts. */
  | { type: 'CUSTOM'; name: 'parley.message'; value: { message: Omit<Message, 'parts' | 'siblingIds'> } }

/** True for the events after which a run says nothing more. */
export function endsRun(event: RunEvent): boolean {
  return event.type === 'RUN_FINISHED' || event.type === 'RUN_ERROR'
}

/** What a person's open windows are told over `/api/v1/ws`, so that they stay in step. */
export type ChangeEvent =
  | { type: 'conversation-changed'; conversationId: string; version: number }
  | { type: 'conversation-deleted'; conversationId: string }
  | { type: 'run-started'; conversationId: string; runId: string; messageId: string }
  | { type: 'run-ended'; conversationId: string; runId: string; messageId: string }
  /** Roles, groups or shares changed: what one may see and do may be different now. */
  | { type: 'access-changed' }
  | { type: 'tools-changed' }
  | { type: 'models-changed' }
  | { type: 'presets-changed' }
  /** A budget was made, changed or deleted, or passed a threshold. */
  | { type: 'budgets-changed' }
  /** The plan of the workspace, its subscription or its invoices. */
  | { type: 'billing-changed' }
  | { type: 'people-changed' }
