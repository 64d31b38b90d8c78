import type { Platform } from '../../platform/context.ts'
import { activeRuns } from './active-runs.ts'

export { migrations } from './migrations.ts'
export { mountChat } from './routes.ts'
export { stopReplies } from './stop-replies.ts'
export { titleConversation } from './title-conversation.ts'

/** Begins the heartbeat and takes over runs that other processes left behind. */
export function startChat(platform: Platform): void {
  activeRuns(platform).start()
}

/** Refuses new runs, waits for the running ones, hands over what is left. Resolves when none runs here. */
export async function drainChat(platform: Platform): Promise<void> {
  await activeRuns(platform).drain()
}

/** Hands over at once what runs here. */
export async function closeChat(platform: Platform): Promise<void> {
  await activeRuns(platform).close()
}
