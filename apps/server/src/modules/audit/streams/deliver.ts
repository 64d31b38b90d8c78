import type { SealedAuditEntry } from '@parley/contract'
import { auditChannel } from '../../../platform/audit/index.ts'
import type { Platform } from '../../../platform/context.ts'
import { messageOf } from '../../../platform/errors.ts'
import { listEntries, sealedEntry } from '../store.ts'
import { sendToSyslog } from './send-to-syslog.ts'
import { sendToWebhook } from './send-to-webhook.ts'
import * as store from './store.ts'

const leaseMs = 120_000
const pollMs = 5_000
/** Entries come in bursts: a moment later one look takes them all. */
const wakeAfterMs = 50
const parallel = 8
const entriesAtOnce = 50
const longestPauseMs = 10 * 60_000

export interface Streams {
  /** Takes nothing new; answers when what is being sent has ended. */
  stop(): Promise<void>
}

/**
 * Sends entries of the log to where they are wanted, in order and at least once each, from now on until stopped. How far a
 * receiver is, is stored: one that is away gets everything later, and holds up nobody else.
 */
export function startStreams(platform: Platform): Streams {
  const running = new Set<Promise<void>>()
  const ended = new AbortController()
  let looking: Promise<void> | undefined
  let lookAgain = false

  const look = () => {
    if (looking || ended.signal.aborted) {
      lookAgain = true
      return
    }
    lookAgain = false
    looking = claim(platform, parallel - running.size)
      .then((claimed) => {
        for (const stream of claimed) {
          const work = deliver(platform, stream, ended.signal).catch((error) =>
            platform.log.error({ err: error, chain: stream.chain }, 'Sending the audit log could not be booked.'),
          )
          running.add(work)
          work.finally(() => {
            running.delete(work)
            look()
          })
        }
      })
      .catch((error) => platform.log.error({ err: error }, 'The streams of the audit log could not be read.'))
      .finally(() => {
        looking = undefined
        if (lookAgain) look()
      })
  }

  let timer: NodeJS.Timeout | undefined
  const unsubscribe = platform.bus.subscribe(auditChannel, () => {
    timer ??= setTimeout(() => {
      timer = undefined
      look()
    }, wakeAfterMs)
  })
  const poll = setInterval(look, pollMs)
  look()

  return {
    async stop() {
      ended.abort()
      unsubscribe()
      clearInterval(poll)
      clearTimeout(timer)
      await looking
      await Promise.all(running)
    },
  }
}

async function claim(platform: Platform, most: number): Promise<store.Stream[]> {
  if (most <= 0) return []
  const now = platform.clock.now()
  const { syslog } = platform.config.audit
  if (syslog !== undefined) await store.streamAllToSyslog(platform.db, now)
  const targets: store.Stream['target'][] = syslog === undefined ? ['webhook'] : ['webhook', 'syslog']
  const leaseUntil = new Date(now.getTime() + leaseMs)
  return store.claimStreams(platform.db, { targets, most, now, leaseUntil })
}

/** Sends one batch, and books what was taken; there may be more. */
async function deliver(platform: Platform, stream: store.Stream, signal: AbortSignal): Promise<void> {
  const { db, clock, log } = platform
  const page = { limit: entriesAtOnce, after: stream.deliveredSequence }
  const entries = (await listEntries(db, { chain: stream.chain }, page)).map(sealedEntry)
  const book = (sequence: number) => store.updateLeased(db, stream, { deliveredSequence: sequence })
  try {
    if (stream.target === 'syslog') await sendBatch(platform, entries, book, signal)
    else await sendEach(platform, stream, entries, book, signal)
    await store.updateLeased(db, stream, { attempts: 0, lastError: null, failingSince: null, leaseUntil: clock.now() })
  } catch (error) {
    const now = clock.now()
    if (signal.aborted) {
      await store.updateLeased(db, stream, { leaseUntil: now })
      return
    }
    const attempts = stream.attempts + 1
    const pauseMs = Math.min(1_000 * 2 ** attempts, longestPauseMs)
    const lastError = messageOf(error).slice(0, 500)
    log.warn(
      { chain: stream.chain, target: stream.target, attempts, reason: lastError },
      'The audit log was not taken.',
    )
    await store.updateLeased(db, stream, {
      attempts,
      lastError,
      failingSince: stream.failingSince ?? now,
      notBefore: new Date(now.getTime() + pauseMs),
      leaseUntil: now,
    })
  }
}

async function sendBatch(
  platform: Platform,
  entries: SealedAuditEntry[],
  book: (sequence: number) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const { syslog } = platform.config.audit
  const last = entries.at(-1)
  if (syslog === undefined || last === undefined) return
  await sendToSyslog(syslog, new URL(platform.config.http.publicUrl).hostname, entries, signal)
  await book(last.sequence)
}

async function sendEach(
  platform: Platform,
  stream: store.Stream,
  entries: SealedAuditEntry[],
  book: (sequence: number) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  for (const entry of entries) {
    await sendToWebhook(platform, stream, entry, signal)
    // Changed or dropped meanwhile: whoever took the next lease goes on.
    if (!(await book(entry.sequence))) return
  }
}
