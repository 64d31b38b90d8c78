import { logAnchors, pruneAudit, startStreams } from './modules/audit/index.ts'
import { closeChat, drainChat, startChat, stopReplies, titleConversation } from './modules/chat/index.ts'
import { shareableConversation } from './modules/conversations/index.ts'
import { unlinkFiles } from './modules/files/index.ts'
import { defineEmailedLinks, pruneApiKeys, pruneEmailedLinks, rotateOldTokenKeys } from './modules/identity/index.ts'
import { startModels } from './modules/models/index.ts'
import { shareablePreset } from './modules/presets/index.ts'
import { defineShareable } from './modules/sharing/index.ts'
import { closeTools, deleteToolResults, shareableMcpServer, startTools } from './modules/tools/index.ts'
import {
  bookExpiredCalls,
  checkSubscriptions,
  issueInvoices,
  pruneCounters,
  pruneStripeEvents,
  rollUp,
} from './modules/usage/index.ts'
import type { Platform } from './platform/context.ts'
import { pruneIdempotencyKeys } from './platform/http/index.ts'
import { defineMail, pruneMailFolder } from './platform/mail/index.ts'
import { type Dispatcher, listen, pruneOutbox, startDispatcher } from './platform/outbox/index.ts'

/** What this process does besides answering requests. */
export interface Worker {
  /** Refuses new replies and waits for the running ones, a while; then hands them over. */
  drain(): Promise<void>
  /** Ends everything at once that is still going on. */
  stop(): Promise<void>
}

/** Says which listeners, jobs and schedules there are, and what can be shared. Before anything is emitted or queued. */
export function defineWork(platform: Platform): void {
  listen(platform, 'run-finished', 'title-conversation', titleConversation, ({ isFirst }) => isFirst !== false)
  defineShareable(platform, shareableConversation)
  defineShareable(platform, shareablePreset)
  defineShareable(platform, shareableMcpServer)

  listen(platform, 'member-removed', 'stop-replies-of-removed', stopReplies)
  listen(platform, 'member-suspended', 'stop-replies-of-suspended', stopReplies)
  listen(platform, 'member-role-changed', 'stop-replies-by-role', stopReplies)

  listen(platform, 'conversation-deleted', 'unlink-files', (ofEvent, { subjectId }) => unlinkFiles(ofEvent, subjectId))
  listen(platform, 'conversation-deleted', 'delete-tool-results', (ofEvent, { subjectId }) =>
    deleteToolResults(ofEvent, subjectId),
  )

  defineMail(platform)
  defineEmailedLinks(platform)
  platform.jobs.define('prune', {}, async (ofJob) => {
    await pruneIdempotencyKeys(ofJob)
    await pruneOutbox(ofJob)
    await pruneCounters(ofJob)
    await pruneStripeEvents(ofJob)
    await pruneEmailedLinks(ofJob)
    await pruneMailFolder(ofJob.config, ofJob.clock.now())
    await pruneApiKeys(ofJob)
  })
  platform.jobs.schedule('prune', '17 * * * *')

  platform.jobs.define('prune-audit', {}, (ofJob) => pruneAudit(ofJob))
  platform.jobs.schedule('prune-audit', '29 * * * *')
  platform.jobs.define('log-audit-anchors', {}, (ofJob) => logAnchors(ofJob))
  platform.jobs.schedule('log-audit-anchors', '3 * * * *')

  platform.jobs.define('roll-up-usage', {}, async (ofJob, _data, signal) => {
    await bookExpiredCalls(ofJob)
    await rollUp(ofJob, signal)
  })
  platform.jobs.schedule('roll-up-usage', '* * * * *')
  platform.jobs.define('issue-invoices', { timeoutSeconds: 3_000 }, (ofJob, _data, signal) =>
    issueInvoices(ofJob, signal),
  )
  platform.jobs.schedule('issue-invoices', '7 * * * *')
  platform.jobs.define('check-subscriptions', { timeoutSeconds: 3_000 }, (ofJob, _data, signal) =>
    checkSubscriptions(ofJob, signal),
  )
  platform.jobs.schedule('check-subscriptions', '37 * * * *')
  platform.jobs.define('rotate-token-keys', {}, (ofJob) => rotateOldTokenKeys(ofJob))
  platform.jobs.schedule('rotate-token-keys', '43 3 * * *')
}

/** Begins all of it. Replies that another process left behind go on first; nothing here delays the listening server. */
export async function startWork(platform: Platform): Promise<Worker> {
  startTools(platform)
  startModels(platform)
  startChat(platform)
  const dispatcher: Dispatcher = await startDispatcher(platform)
  const streams = startStreams(platform)
  await platform.jobs.install()
  await platform.jobs.start(platform)
  return {
    drain: () => drainChat(platform),
    async stop() {
      await closeChat(platform)
      await closeTools(platform)
      await dispatcher.stop()
      await streams.stop()
      await platform.jobs.stop()
    },
  }
}
