import { setTimeout as sleep } from 'node:timers/promises'
import type { Message, RunEvent } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import type { SseStream } from '../../platform/http/index.ts'
import { frameOf } from '../../platform/run-log/index.ts'
import { readMessage } from '../conversations/index.ts'
import { openRun } from './access.ts'
import { lastEvent } from './journal.ts'
import type { RunRow } from './store.ts'

/** How often to look whether another process has taken the run over. */
const lookAgainMs = 250

/**
 * Writes a run's events to a reader, from `after` on (0: from the start) to its end. What the log does not hold any more
 * is told as it is stored: a rewind, after which the log goes on. A slow reader waits for its own socket only; when it
 * fell too far behind, it gets the same rewind (P2).
 */
export async function streamRun(ctx: Ctx, runId: string, after: number, stream: SseStream): Promise<void> {
  let position = after
  while (!stream.closed.aborted) {
    const reader = ctx.runLog.read(runId, position)
    if (reader) {
      stream.closed.addEventListener('abort', reader.close, { once: true })
      for (;;) {
        const taken = await reader.take()
        if (taken === 'ended') {
          stream.close()
          return
        }
        if (taken === 'gap') break
        position = taken.last
        if (!stream.write(taken.frames)) await stream.drained()
      }
      stream.closed.removeEventListener('abort', reader.close)
    }
    const stored = await readStored(ctx, runId)
    if (!stored.run.finishedAt && !reader && position >= stored.run.savedThrough && position > 0) {
      // Between two processes: this reader has seen all there is so far.
      await pause(stream)
      continue
    }
    position = writeStored(stream, stored, position)
    if (stored.run.finishedAt) {
      stream.close()
      return
    }
    if (!ctx.runLog.read(runId, position)) await pause(stream)
  }
}

interface Stored {
  run: RunRow
  message: Message
}

/** Message and run as they are stored, the unfinished step included. */
async function readStored(ctx: Ctx, runId: string): Promise<Stored> {
  const run = await openRun(ctx, runId)
  const message = await readMessage(ctx, run.messageId)
  return { run, message: { ...message, parts: [...message.parts, ...(run.draft ?? [])] } }
}

/** Tells what is stored; answers the number up to which that is. */
function writeStored(stream: SseStream, { run, message }: Stored, position: number): number {
  const through = run.savedThrough
  const rewind: RunEvent = { type: 'CUSTOM', name: 'parley.rewind', value: { message } }
  const started: RunEvent = { type: 'RUN_STARTED', threadId: run.conversationId, runId: run.id }
  if (position === 0) stream.write(frameOf(null, JSON.stringify(started)))
  stream.write(frameOf(through > position ? through : null, JSON.stringify(rewind)))
  if (run.status !== 'running') {
    const last = lastEvent(message, run.id, { ...run, status: run.status })
    stream.write(frameOf(null, JSON.stringify(last)))
  }
  return through
}

async function pause(stream: SseStream): Promise<void> {
  await sleep(lookAgainMs, undefined, { signal: stream.closed }).catch(() => undefined)
}
