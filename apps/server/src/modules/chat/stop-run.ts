import type { Run } from '@parley/contract'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import * as conversations from '../conversations/index.ts'
import { openRun } from './access.ts'
import { dismissQuestions } from './dismiss-questions.ts'
import { presentRun } from './present.ts'
import { findRun, lockRun, requestStop } from './store.ts'

/**
 * Stops a run wherever it is: stored, so that it reaches a process that the bus does not, and said over the bus, so that
 * it reaches the provider's socket at once (P4). A run that waits for a person gives up its questions; an ended run stays.
 */
export async function stopRun(ctx: Ctx, runId: string): Promise<Run> {
  const run = await openRun(ctx, runId, 'use')
  if (run.status === 'running') {
    ctx.bus.publish('run-stop', runId)
    await requestStop(ctx, runId)
  }
  if (run.status === 'interrupted' && run.nextRunId === null) await giveUp(ctx, runId, run.conversationId)
  return presentRun((await findRun(ctx, runId)) ?? run, run.nextRunId)
}

async function giveUp(ctx: Ctx, runId: string, conversationId: string): Promise<void> {
  await inTransaction(ctx, async (tx) => {
    await conversations.openForWriting(tx, conversationId)
    const run = await lockRun(tx, runId)
    const message = await conversations.getMessage(tx, run.messageId)
    if (run.status !== 'interrupted' || message.runId !== runId) return
    await dismissQuestions(tx, message, 'Not called: stopped.', 'stopped')
  })
  const { version } = await conversations.openForReading(ctx, conversationId)
  conversations.announce(ctx, { type: 'conversation-changed', conversationId, version })
}
