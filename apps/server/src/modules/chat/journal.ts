import {
  applyEvent,
  type Failure,
  type Message,
  type Part,
  partMessageId,
  type RunEvent,
  type ToolCallPart,
  type Usage,
} from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { emitting, type NewEvent } from '../../platform/outbox/index.ts'
import type { RunWriter } from '../../platform/run-log/index.ts'
import { updating } from '../conversations/index.ts'
import { endRun, type Lease, type RunEnd, saveProgress } from './store.ts'

/** Someone else writes this run now, or it is gone: stop without a word. */
export class LeaseLost extends Error {}

/**
 * The assistant message while a run writes it. Every change is an event: applied to the message here, exactly as readers
 * apply it, and appended to the run log. `commit` makes it last.
 */
export class Journal {
  readonly message: Message
  readonly lease: Lease
  private readonly writer: RunWriter
  /** Parts the stored message has; those after are the draft. */
  private committed: number
  private dirty = false
  /** Index of the text or reasoning part that is being written. */
  private open: { index: number; type: 'text' | 'reasoning' } | null = null
  step: number

  constructor(message: Message, lease: Lease, writer: RunWriter) {
    this.message = message
    this.lease = lease
    this.writer = writer
    this.committed = message.parts.length
    this.step = message.parts.at(-1)?.step ?? 0
  }

  emit(event: RunEvent): void {
    applyEvent(this.message, event)
    this.dirty = true
    this.writer.append(JSON.stringify(event))
  }

  /** Appends to the text (or reasoning) being written, beginning a new part where there is none. */
  write(type: 'text' | 'reasoning', delta: string): void {
    if (this.open?.type !== type) this.begin(type)
    const messageId = partMessageId(this.message.id, this.open!.index)
    this.emit({ type: type === 'text' ? 'TEXT_MESSAGE_CONTENT' : 'REASONING_MESSAGE_CONTENT', messageId, delta })
  }

  private begin(type: 'text' | 'reasoning'): void {
    this.close()
    const part: Part =
      type === 'text'
        ? { type, text: '', origin: 'model', step: this.step }
        : { type, text: '', origin: 'model', step: this.step }
    const index = this.add(part)
    const messageId = partMessageId(this.message.id, index)
    this.open = { index, type }
    if (type === 'text') {
      this.emit({ type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' })
    } else {
      this.emit({ type: 'REASONING_START', messageId })
      this.emit({ type: 'REASONING_MESSAGE_START', messageId, role: 'reasoning' })
    }
  }

  /** Ends the text or reasoning being written, if any. */
  close(signature?: string): void {
    if (!this.open) return
    const { index, type } = this.open
    const messageId = partMessageId(this.message.id, index)
    this.open = null
    if (type === 'text') {
      this.emit({ type: 'TEXT_MESSAGE_END', messageId })
      return
    }
    this.emit({ type: 'REASONING_MESSAGE_END', messageId })
    this.emit({ type: 'REASONING_END', messageId })
    const part = this.message.parts[index]
    if (signature !== undefined && part?.type === 'reasoning') this.replace(index, { ...part, signature })
  }

  /** Adds a whole part; answers its index. */
  add(part: Part): number {
    const index = this.message.parts.length
    this.replace(index, part)
    return index
  }

  replace(index: number, part: Part): void {
    this.emit({ type: 'CUSTOM', name: 'parley.part', value: { messageId: this.message.id, index, part } })
  }

  /** The tool calls of the message with their places. */
  toolCalls(): { index: number; part: ToolCallPart }[] {
    return this.message.parts.flatMap((part, index) => (part.type === 'tool-call' ? [{ index, part }] : []))
  }

  changeToolCall(index: number, change: Partial<ToolCallPart>): void {
    const part = this.message.parts[index] as ToolCallPart
    this.replace(index, { ...part, ...change })
  }

  /** What was written since the last commit, for the checkpoint; null when there is nothing new. */
  takeDraft(): { draft: Part[] | null; savedThrough: number; saved: () => void } {
    const through = this.writer.last
    const draft = this.dirty ? this.message.parts.slice(this.committed) : null
    this.dirty = false
    return { draft, savedThrough: through, saved: () => this.writer.saved(through) }
  }

  /** Stores all parts, while the lease is held. After it, a crash loses nothing of them. */
  async commit(ctx: Ctx): Promise<void> {
    const savedThrough = this.writer.last
    const { id, parts, usage, model } = this.message
    const kept = parts.length
    const message = updating(ctx, id, { parts, usage, model })
    if (!(await saveProgress(ctx, this.lease, savedThrough, usage, message))) throw new LeaseLost()
    this.committed = kept
    this.writer.saved(savedThrough)
  }

  /** Stores the end of the run with the message and the event that tells of it, then tells the readers and ends the log. */
  async end(
    ctx: Ctx,
    end: Pick<RunEnd, 'status' | 'interrupts' | 'error'>,
    status: Message['status'],
    event: NewEvent,
  ): Promise<void> {
    this.close()
    const { id, parts, model, usage } = this.message
    const message = updating(ctx, id, { status, parts, usage, model, error: end.error })
    // Two more events follow; their numbers are part of what is stored.
    const savedThrough = this.writer.last + 2
    const telling = emitting(ctx, event, 'held')
    const kept = await endRun(ctx, this.lease, { ...end, usage, savedThrough }, message, telling.expressions)
    if (!kept) throw new LeaseLost()
    telling.stored()
    const { parts: _, siblingIds: __, ...rest } = { ...this.message, status, error: end.error }
    this.emit({ type: 'CUSTOM', name: 'parley.message', value: { message: rest } })
    this.emit(lastEvent(this.message, this.lease.runId, end))
    this.writer.saved(savedThrough)
    this.writer.end()
  }

  /** Another attempt goes on from what is stored. */
  abandon(): void {
    this.writer.abandon()
  }
}

/** The event a run ends with. */
export function lastEvent(
  message: Pick<Message, 'conversationId' | 'usage' | 'model'>,
  runId: string,
  end: {
    status: RunEnd['status']
    interrupts: RunEnd['interrupts']
    error: Failure | null
  },
): RunEvent {
  if (end.status === 'failed') {
    const error = end.error ?? new AppError('internal', 'The run failed.')
    return { type: 'RUN_ERROR', code: error.code, message: error.message }
  }
  const [provider = '', ...name] = (message.model ?? '').split('/')
  const { costMicroUsd: _, ...tokens } = message.usage ?? emptyUsage()
  return {
    type: 'RUN_FINISHED',
    threadId: message.conversationId,
    runId,
    outcome:
      end.status === 'interrupted'
        ? { type: 'interrupt', interrupts: end.interrupts }
        : { type: end.status === 'stopped' ? 'cancelled' : 'success' },
    usage: [{ provider, model: name.join('/'), ...tokens }],
  }
}

export function emptyUsage(): Usage {
  return { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0, costMicroUsd: 0 }
}
