import type { Ctx } from '../../platform/context.ts'
import { type MessageRow, updateMessage } from '../conversations/index.ts'
import { endInterruptedRun } from './store.ts'

/** Gives up on what a waiting message asks: its tool calls are cancelled, and no answer is taken any more. */
export async function dismissQuestions(
  tx: Ctx,
  message: Pick<MessageRow, 'id' | 'parts' | 'runId'>,
  detail: string,
  status: 'stopped' | 'finished' = 'finished',
): Promise<void> {
  const parts = message.parts.map((part) =>
    part.type === 'tool-call' && part.state === 'waiting'
      ? { ...part, state: 'cancelled' as const, ask: undefined, detail }
      : part,
  )
  await updateMessage(tx, message.id, { parts, status: status === 'stopped' ? 'stopped' : 'complete' })
  if (message.runId !== null) await endInterruptedRun(tx, message.runId, status)
}
