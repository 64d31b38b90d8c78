import { hostname } from 'node:os'
import type { Message, Part } from '@parley/contract'
import { type Ctx, type Platform, perServer } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { AppError, messageOf } from '../../platform/errors.ts'
import { revokedChannel } from '../../platform/http/index.ts'
import { readMessage } from '../conversations/index.ts'
import { departedCtx, systemCtx } from '../identity/index.ts'
import { countTokens } from '../models/index.ts'
import { onAccessChanged } from '../sharing/index.ts'
import { bookLostCalls } from '../usage/index.ts'
import { mayStillRun } from './access.ts'
import type { Journal } from './journal.ts'
import { type End, HandedOver, type KnownAtStart, runReply, Stopped } from './run-reply.ts'
import { heartbeat, type RunRow, releaseLeases, takeOver } from './store.ts'

/** A run this process holds the lease of. */
interface ActiveRun {
  row: RunRow
  controller: AbortController
  journal: Journal | null
  ended: Promise<void>
}

/**
 * The runs of this process: starts them, keeps their leases, saves their drafts once a second, takes over what other
 * processes left behind, stops them, and hands them over when the process ends.
 */
export class ActiveRuns {
  /** Names this process as lease holder. */
  readonly owner = `${hostname()}/${process.pid}/${newId()}`
  private readonly platform: Platform
  private readonly runs = new Map<string, ActiveRun>()
  private readonly waiting = new Map<string, Set<() => void>>()
  private readonly unsubscribe: (() => void)[]
  private timer: NodeJS.Timeout | null = null
  private beating: Promise<void> | null = null
  private draining = false

  constructor(platform: Platform) {
    this.platform = platform
    this.unsubscribe = [
      platform.bus.subscribe('run-stop', (runId) => this.abort(String(runId), new Stopped())),
      onAccessChanged(platform, undefined, (changed) => {
        void this.stopRevoked(({ workspaceId }) => workspaceId === changed)
      }),
      platform.bus.subscribe(revokedChannel, (message) => {
        const { userId } = message as { userId?: string }
        if (userId !== undefined) void this.stopRevoked((row) => row.userId === userId)
      }),
      platform.bus.subscribe('conversation-deleted', (id) => {
        for (const run of this.runs.values()) if (run.row.conversationId === id) run.controller.abort(new Stopped())
      }),
    ]
  }

  /** Begins the heartbeat; orphans are taken over from now on, beginning at once. */
  start(): void {
    this.timer = setInterval(() => this.beat(), this.platform.config.chat.heartbeatMs)
    this.timer.unref()
    this.beat()
  }

  get isDraining(): boolean {
    return this.draining
  }

  /**
   * Runs a leased run in the background, as `ctx`'s actor, on from the message as it is stored; with `end` only to end it.
   * Its log can be read when this returns. Never throws.
   */
  launch(ctx: Ctx, row: RunRow, stored: Message, known: KnownAtStart = {}, end?: End): void {
    const controller = new AbortController()
    if (end !== undefined) controller.abort(end)
    const run: ActiveRun = { row, controller, journal: null, ended: Promise.resolve() }
    this.runs.set(row.id, run)
    const log = ctx.log.child({ runId: row.id, attempt: row.attempt })
    const runCtx: Ctx = { ...ctx, log, signal: controller.signal }
    let deadline: NodeJS.Timeout | undefined
    run.ended = runReply(runCtx, row, stored, known, {
      started: (journal) => {
        run.journal = journal
      },
      endAfter: (ms, reason) => {
        deadline = setTimeout(() => controller.abort(reason()), ms)
      },
    })
      .catch((error) => log.error({ err: error }, 'a run ended in a way it should not'))
      .finally(() => {
        clearTimeout(deadline)
        this.runs.delete(row.id)
        for (const resolve of this.waiting.get(row.id) ?? []) resolve()
        this.waiting.delete(row.id)
      })
  }

  /** Resolves when the run, if this process runs it, has ended or was handed over. */
  async whenEnded(runId: string, signal: AbortSignal): Promise<void> {
    if (!this.runs.has(runId) || signal.aborted) return
    await new Promise<void>((resolve) => {
      const waiting = this.waiting.get(runId) ?? new Set()
      this.waiting.set(runId, waiting.add(resolve))
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  /** Waits for the runs to end, at most `drainMs`; hands the rest over to whoever comes next. */
  async drain(): Promise<void> {
    this.draining = true
    const { drainMs } = this.platform.config.chat
    const ended = Promise.all([...this.runs.values()].map((run) => run.ended))
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, drainMs).unref())])
    await this.close()
  }

  /** Hands over at once what still runs. */
  async close(): Promise<void> {
    this.draining = true
    if (this.timer) clearInterval(this.timer)
    for (const unsubscribe of this.unsubscribe) unsubscribe()
    const left = [...this.runs.values()]
    for (const run of left) run.controller.abort(new HandedOver())
    await Promise.all(left.map((run) => run.ended))
    await this.beating
    if (left.length > 0) await releaseLeases(this.platform, this.owner)
  }

  /** What people may not write any more is not written for them: such runs stop. */
  private async stopRevoked(isConcerned: (row: RunRow) => boolean): Promise<void> {
    for (const { row } of [...this.runs.values()]) {
      if (!isConcerned(row)) continue
      try {
        if (!(await mayStillRun(this.platform, row))) this.abort(row.id, new Stopped())
      } catch (error) {
        this.platform.log.error({ err: error, runId: row.id }, 'whether a run may go on could not be checked')
      }
    }
  }

  private abort(runId: string, reason: End): void {
    this.runs.get(runId)?.controller.abort(reason)
  }

  /** A beat that takes longer than the pause between two, on a busy database, is not overtaken by the next. */
  private beat(): void {
    this.beating ??= this.renew()
      .then(() => this.adopt())
      .catch((error) => this.platform.log.error({ err: error }, 'the heartbeat of runs failed'))
      .finally(() => {
        this.beating = null
      })
  }

  /** Renews leases and saves drafts; what is not ours any more is let go without a word. */
  private async renew(): Promise<void> {
    const held = [...this.runs.values()]
    if (held.length === 0) return
    const checkpoints = held.map((run) => ({
      run,
      saved: () => {},
      draft: null,
      savedThrough: 0,
      ...run.journal?.takeDraft(),
    }))
    const renewed = await heartbeat(
      this.platform,
      checkpoints.map(({ run, draft, savedThrough }) => ({
        runId: run.row.id,
        attempt: run.row.attempt,
        draft,
        savedThrough,
      })),
    )
    const byId = new Map(renewed.map((row) => [row.id, row]))
    for (const { run, saved } of checkpoints) {
      const row = byId.get(run.row.id)
      if (row) saved()
      if (!row && this.runs.get(run.row.id) === run) run.controller.abort(new HandedOver())
      if (row?.stopRequestedAt) run.controller.abort(new Stopped())
    }
  }

  private async adopt(): Promise<void> {
    if (this.draining) return
    for (const row of await takeOver(this.platform, this.owner, [...this.runs.keys()], 20)) {
      this.platform.log.warn({ runId: row.id, attempt: row.attempt }, 'taking over a run whose process went away')
      try {
        await bookLostCalls(this.platform, row.id, tokensOf(row.lostDraft))
        const ctx = await systemCtx(this.platform, row, 'take-over').catch(whenGone)
        // Whoever it was for is out of the workspace: it ends, with what had been committed.
        const acting = ctx ?? departedCtx(this.platform, row, 'take-over')
        this.launch(acting, row, await readMessage(acting, row.messageId), {}, ctx ? undefined : new Stopped())
      } catch (error) {
        this.platform.log.error({ runId: row.id, detail: messageOf(error) }, 'a run could not be taken over')
      }
    }
  }
}

function whenGone(error: unknown): undefined {
  if (!(error instanceof AppError) || error.code !== 'not_found') throw error
}

/** About how many tokens of a model's answer had been saved. */
function tokensOf(draft: Part[] | null): number {
  let text = ''
  for (const part of draft ?? []) {
    if (part.type === 'text' || part.type === 'reasoning') text += part.text
    else if (part.type === 'tool-call') text += part.arguments
  }
  return countTokens(text)
}

/** The runs of this server process. */
export const activeRuns = perServer((platform) => new ActiveRuns(platform))
