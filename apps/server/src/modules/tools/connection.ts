import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@modelcontextprotocol/client'
import type { McpServer } from '@parley/contract'
import type { Platform } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { describeFailure, isRefusal } from './describe-failure.ts'
import { listDefinitions } from './list-definitions.ts'
import { type Greeting, openSession, rejectOn, type Session } from './open-session.ts'
import type { ServerInfo, ServerSpec, ToolDefinition } from './types.ts'

const firstPauseMs = 1_000
const longestPauseMs = 60_000
/** A connection that held this long was a good one: the next failure is the first. */
const stableAfterMs = 60_000
const refreshAtMostEveryMs = 2_000

/**
 * The connection to one MCP server. Connects by itself and again after every failure, with growing pauses; what happens
 * here is nobody else's concern (P9). While it is down the tools it last had stay listed, so that the list models see
 * does not change with every hiccup (P10).
 */
export class Connection {
  readonly spec: ServerSpec
  state: McpServer['state'] = 'connecting'
  detail: string | null = null
  definitions: ToolDefinition[] = []
  serverInfo: ServerInfo | null = null
  /** Resolves when the first attempt ended, well or not. */
  readonly firstAttempt: Promise<void>
  readonly startedAt = performance.now()

  readonly #platform: Platform
  readonly #onChange: () => void
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #session: Session | undefined
  #last: Session | undefined
  #pausing = false
  #dropped = false
  #greeting: Greeting = 'auto'
  #wake = Promise.withResolvers<void>()
  #changed = Promise.withResolvers<void>()
  #attempted = Promise.withResolvers<void>()
  #refreshing: Promise<void> | undefined

  constructor(platform: Platform, spec: ServerSpec, onChange: () => void) {
    this.#platform = platform
    this.spec = spec
    this.#onChange = onChange
    this.firstAttempt = this.#attempted.promise
    this.#running = this.#keepConnected()
  }

  /**
   * The client, once connected; waits `timeoutMs` for it at most.
   * @throws AppError tool_server_unavailable, or the signal's reason
   */
  async ready(timeoutMs: number, signal: AbortSignal): Promise<Client> {
    const deadline = AbortSignal.timeout(timeoutMs)
    if (this.#pausing) this.reconnect()
    while (!this.#session) {
      if (deadline.aborted || this.#closing.signal.aborted || this.#pausing) {
        throw new AppError(
          'tool_server_unavailable',
          `The tool server "${this.spec.name}" is not reachable now. ${this.detail ?? 'It does not answer.'}`,
        )
      }
      try {
        await rejectOn(AbortSignal.any([deadline, signal]), this.#changed.promise)
      } catch {
        signal.throwIfAborted()
      }
    }
    return this.#session.client
  }

  /** Why the last connection ended, if it did and that is known. */
  lastReason(): string | undefined {
    return this.#last?.reason()
  }

  /** Connects again: now if it pauses, and by giving up the connection if there is one and `drop` is set. */
  reconnect(options: { drop?: boolean } = {}): void {
    if (this.#closing.signal.aborted || (this.#session && !options.drop)) return
    this.#pausing = false
    this.#wake.resolve()
    if (this.#session) {
      const session = this.#session
      this.#session = undefined
      this.#dropped = true
      void session.close()
    }
    this.state = 'connecting'
    this.detail = null
    this.#change()
  }

  /** Ends it for good. Resolves when the program, if it is one, has ended. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#wake.resolve()
    this.#change()
    await this.#running
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#closing
    let failures = 0
    while (!signal.aborted) {
      this.#pausing = false
      this.#wake = Promise.withResolvers()
      let connectedAt: number | undefined
      let failure: unknown
      try {
        await this.#connect(() => {
          connectedAt = performance.now()
        })
      } catch (error) {
        failure = error
      }
      this.#attempted.resolve()
      if (signal.aborted) return
      if (this.#dropped) {
        this.#dropped = false
        continue
      }
      failures = connectedAt !== undefined && performance.now() - connectedAt > stableAfterMs ? 1 : failures + 1
      this.#degrade(failure)
      const pauseMs = isRefusal(failure) ? longestPauseMs : pauseAfter(failures)
      this.#pausing = true
      const timer = new AbortController()
      await Promise.race([sleep(pauseMs, undefined, { signal: timer.signal, ref: false }), this.#wake.promise])
      timer.abort()
    }
  }

  /** One life of the connection: returns or throws when it has ended. */
  async #connect(onReady: () => void): Promise<void> {
    const { signal } = this.#closing
    const timeoutMs = this.#platform.config.tools.connectTimeoutMs
    let session: Session
    try {
      session = await openSession(this.#platform, this.spec, {
        timeoutMs,
        signal,
        greeting: this.#greeting,
        onToolsChanged: () => this.#refreshLater(),
      })
    } catch (error) {
      this.#greeting = 'auto' // an updated server may want another greeting than the one remembered
      throw error
    }
    const close = () => void session.close()
    try {
      this.#greeting = session.greeting
      this.definitions = await listDefinitions(session.client, { timeoutMs, signal })
      this.serverInfo = session.serverInfo
      this.#session = session
      this.#last = session
      this.state = 'ready'
      this.detail = null
      onReady()
      this.#attempted.resolve()
      this.#change()
      signal.addEventListener('abort', close, { once: true })
      await session.closed
      if (!signal.aborted) throw new Error(session.reason() ?? 'The connection was lost.')
    } finally {
      signal.removeEventListener('abort', close)
      if (this.#session === session) this.#session = undefined
      await session.close()
    }
  }

  #degrade(failure: unknown): void {
    this.state = 'degraded'
    this.detail = describeFailure(failure, this.spec)
    this.#platform.log.warn({ server: this.spec.slug, detail: this.detail }, 'An MCP server is not reachable.')
    this.#change()
  }

  #change(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
    this.#onChange()
  }

  /** The server said that its tools changed. One refresh at a time, and not in a loop. */
  #refreshLater(): void {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
  }

  async #refresh(): Promise<void> {
    const session = this.#session
    const { signal } = this.#closing
    if (!session) return
    try {
      const timeoutMs = this.#platform.config.tools.connectTimeoutMs
      const definitions = await listDefinitions(session.client, { timeoutMs, signal })
      if (this.#session !== session) return
      this.definitions = definitions
      this.#change()
      await sleep(refreshAtMostEveryMs, undefined, { signal, ref: false })
    } catch (error) {
      if (signal.aborted) return
      this.#platform.log.warn(
        { err: error, server: this.spec.slug },
        'The tools of an MCP server could not be read again.',
      )
    }
  }
}

/** Doubles up to a minute, give or take a quarter, so that many do not come back at once. */
function pauseAfter(failures: number): number {
  const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 10))
  return pauseMs * (0.75 + Math.random() / 2)
}
