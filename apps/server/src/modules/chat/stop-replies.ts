import type { Platform } from '../../platform/context.ts'
import { mayStillRun } from './access.ts'
import { listRunning, requestStop } from './store.ts'

/**
 * Stops what is being written for somebody who may not have it written any more, such as who was removed from the workspace.
 * Stored, so that it reaches a process that the bus does not; the bus alone is quicker, and loses what nobody hears.
 */
export async function stopReplies(
  platform: Platform,
  { workspaceId, subjectId: userId }: { workspaceId: string; subjectId: string },
): Promise<void> {
  for (const run of await listRunning(platform, { workspaceId, userId })) {
    if (await mayStillRun(platform, run)) continue
    platform.bus.publish('run-stop', run.id)
    await requestStop(platform, run.id)
  }
}
