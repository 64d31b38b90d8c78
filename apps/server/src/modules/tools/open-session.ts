import { setTimeout as sleep } from 'node:timers/promises'
import {
  Client,
  type JsonSchemaValidator,
  SdkError,
  SdkErrorCode,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client'
import type { Platform } from '../../platform/context.ts'
import { egressFetch, type Fetch } from '../../platform/net/index.ts'
import { wayOut } from '../outbound/index.ts'
import { boundedFetch } from './bounded-fetch.ts'
import { StdioTransport } from './stdio-transport.ts'
import type { ServerInfo, ServerSpec } from './types.ts'

const longestListenPauseMs = 60_000

/** How a server wants to be greeted: by asking what it speaks, or with the `initialize` of before 2026-07-28. */
export type Greeting = 'auto' | 'legacy'

/** A connection that is up. */
export interface Session {
  client: Client
  serverInfo: ServerInfo | null
  greeting: Greeting
  /** Resolves when it is down. */
  closed: Promise<void>
  /** Why it is down, where that is known. */
  reason(): string | undefined
  close(): Promise<void>
}

export interface SessionOptions {
  timeoutMs: number
  signal: AbortSignal
  greeting: Greeting
  onToolsChanged(): void
}

/** A failure to connect, with what the program said last. */
export class ConnectFailed extends Error {
  override readonly name = 'ConnectFailed'
  readonly lastWords: string

  constructor(message: string, lastWords: string, cause: unknown) {
    super(message, { cause })
    this.lastWords = lastWords
  }
}

/**
 * Connects to an MCP server. An old program that ends at the first message it does not know is started again and
 * greeted the old way; `greeting` of the answer says what worked, for the next time.
 * @throws ConnectFailed, or the failure itself
 */
export async function openSession(platform: Platform, spec: ServerSpec, options: SessionOptions): Promise<Session> {
  const deadline = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)])
  if (spec.transport === 'http') return connect(platform, spec, options, deadline, httpTransport(platform, spec))

  const program = { command: spec.command ?? '', args: spec.args, cwd: spec.cwd, env: spec.openSecrets() }
  const transport = new StdioTransport(program)
  try {
    return await connect(platform, spec, options, deadline, transport)
  } catch (error) {
    const endedAtDiscover = options.greeting === 'auto' && transport.endedByItself
    if (!endedAtDiscover || deadline.aborted) throw asConnectFailed(error, transport)
  }
  const again = new StdioTransport(program)
  try {
    return await connect(platform, spec, { ...options, greeting: 'legacy' }, deadline, again)
  } catch (error) {
    throw asConnectFailed(error, again)
  }
}

async function connect(
  platform: Platform,
  spec: ServerSpec,
  options: SessionOptions,
  deadline: AbortSignal,
  transport: Transport,
): Promise<Session> {
  const { timeoutMs, greeting } = options
  const client = new Client(
    { name: 'parley', title: 'Parley', version: platform.config.version },
    {
      // No sampling, elicitation or roots: a server that asks for them is told that they are not supported.
      capabilities: {},
      inputRequired: { autoFulfill: false },
      versionNegotiation: { mode: 'auto', probe: { timeoutMs: Math.ceil(timeoutMs / 2) } },
      listChanged: {
        tools: { autoRefresh: false, debounceMs: 500, onChanged: () => options.onToolsChanged() },
      },
      // Compiling a foreign schema is work without bounds; what a result holds is data either way.
      jsonSchemaValidator: {
        getValidator<T>(): JsonSchemaValidator<T> {
          return (input) => ({ valid: true, data: input as T, errorMessage: undefined })
        },
      },
    },
  )
  client.onerror = (error) =>
    platform.log.debug({ server: spec.slug, reason: error.message }, 'An MCP server misbehaved.')
  const closed = new Promise<void>((resolve) => {
    client.onclose = () => resolve()
  })
  const prior = greeting === 'legacy' ? ({ kind: 'legacy' } as const) : undefined
  try {
    await rejectOn(deadline, client.connect(transport, { timeout: timeoutMs, signal: deadline, prior }))
  } catch (error) {
    // Not awaited by the one who asked: a program may take its time to end.
    await closeQuietly(client, transport)
    throw error
  }
  void keepListening(client, options)
  const about = client.getServerVersion()
  return {
    client,
    serverInfo: about
      ? { name: about.name, version: about.version, protocolVersion: client.getNegotiatedProtocolVersion() ?? null }
      : null,
    greeting: client.getProtocolEra() === 'legacy' ? 'legacy' : 'auto',
    closed,
    reason: () => (transport instanceof StdioTransport ? endOf(transport) : undefined),
    close: () => closeQuietly(client, transport),
  }
}

/**
 * Since 2026-07-28 changes are told on a stream that the client keeps open. Proxies cut such streams, which is no reason
 * to end calls under way: it is opened again, and only when that fails is the server taken to be gone.
 */
async function keepListening(client: Client, { signal, onToolsChanged }: SessionOptions): Promise<void> {
  let subscription = client.autoOpenedSubscription
  let pauseMs = 500
  while (subscription) {
    const openedAt = performance.now()
    if ((await subscription.closed) === 'local' || signal.aborted) return
    pauseMs = performance.now() - openedAt > longestListenPauseMs ? 500 : Math.min(pauseMs * 2, longestListenPauseMs)
    try {
      await sleep(pauseMs, undefined, { signal, ref: false })
      subscription = await client.listen({ toolsListChanged: true }, { signal })
      onToolsChanged() // it may have changed while nobody listened
    } catch {
      await client.close()
      return
    }
  }
}

function httpTransport(platform: Platform, spec: ServerSpec): Transport {
  return new StreamableHTTPClientTransport(new URL(spec.url ?? ''), {
    requestInit: { headers: spec.openSecrets() },
    fetch: boundedFetch(fetchFor(platform, spec)),
    redirectPolicy: 'same-origin',
    reconnectionOptions: {
      initialReconnectionDelay: 1_000,
      maxReconnectionDelay: 60_000,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 10,
    },
  })
}

/** What a person typed in is fetched behind the guard, what the operator declared is not (P14). */
function fetchFor(platform: Platform, { workspaceId }: ServerSpec): Fetch {
  if (workspaceId === null) return egressFetch(platform.egress.trusted)
  return async (url, init) => egressFetch(await wayOut(platform, workspaceId))(url, init)
}

async function closeQuietly(client: Client, transport: Transport): Promise<void> {
  try {
    if (transport instanceof StreamableHTTPClientTransport) {
      // Servers of before 2026-07-28 keep a session until they are told; one that hangs is not waited for.
      await Promise.race([transport.terminateSession(), new Promise((resolve) => setTimeout(resolve, 500).unref())])
    }
  } catch {
    // It is gone already, which is what was wanted.
  }
  try {
    await client.close()
  } finally {
    await transport.close()
  }
}

function endOf(transport: StdioTransport): string | undefined {
  return [transport.failure, lastLines(transport.stderr)].filter(Boolean).join(' Its last words: ') || undefined
}

function asConnectFailed(error: unknown, transport: StdioTransport): ConnectFailed {
  const code = (error as NodeJS.ErrnoException).code
  const reason =
    transport.endedByItself && transport.failure
      ? transport.failure
      : error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout
        ? 'It did not answer in time.'
        : String(code ?? (error instanceof Error ? error.message : error))
  return new ConnectFailed(reason, lastLines(transport.stderr), error)
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join('\n').slice(-500)
}

/** Rejects when the signal aborts, whatever the work does. */
export async function rejectOn<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort)
  }
}
