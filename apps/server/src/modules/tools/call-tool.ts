import {
  type CallToolResult,
  type Client,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
} from '@modelcontextprotocol/client'
import type { ToolResult } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { type CatalogueEntry, openEntry } from './catalogue.ts'
import { checkArguments } from './check-arguments.ts'
import { cleanText } from './clean-text.ts'
import type { Connection } from './connection.ts'
import { describeFailure, isRefusal } from './describe-failure.ts'
import { keepResult } from './keep-result.ts'
import { rejectOn } from './open-session.ts'
import { readResult } from './read-result.ts'

export interface ToolCall {
  /** As the model sees it. */
  name: string
  arguments: Record<string, unknown>
  /** Of the definition that was decided on; with another one now, nothing is called (P7). */
  definitionHash?: string
}

export interface CallOptions {
  signal: AbortSignal
  /** At most ten times a second. */
  onProgress?: (progress: { done: number; total: number | null; message: string | null }) => void
  conversationId?: string
}

/** A tool that reports progress may take this many times as long as one that is silent. */
const longestTimes = 10
const progressEveryMs = 100

/**
 * Calls a tool of the actor's workspace. Whether it may be called unasked is for the caller to decide; a denied one is
 * refused here. What the tool does wrong is its result (`isError`). When `signal` aborts, the server is told and this
 * throws the signal's reason at once. Nothing is ever called twice, unless the server certainly never got the first.
 * @throws AppError not_found, forbidden, conflict, invalid_request, tool_server_unavailable (not called), tool_failed
 */
export async function callTool(ctx: Ctx, call: ToolCall, options: CallOptions): Promise<ToolResult> {
  return callEntry(ctx, await openEntry(ctx, ({ name }) => name === call.name), call, options)
}

/** The same for a tool that was found already. */
export async function callEntry(
  ctx: Ctx,
  { tool, connection, usable }: CatalogueEntry,
  call: Omit<ToolCall, 'name'>,
  options: CallOptions,
): Promise<ToolResult> {
  const { signal, conversationId } = options
  if (!usable) {
    throw new AppError(
      'forbidden',
      `"${tool.serverName}" can be seen by you, not used. Ask who manages the tools here.`,
    )
  }
  if (tool.policy === 'deny') throw new AppError('forbidden', `"${tool.title}" is denied in this workspace.`)
  if (call.definitionHash !== undefined && call.definitionHash !== tool.definitionHash) {
    throw new AppError(
      'conflict',
      `"${tool.title}" changed since it was approved. Look at it again before it is called.`,
    )
  }
  const check = checkArguments(tool, call.arguments)
  if (!check.ok) {
    throw new AppError('invalid_request', `The arguments do not fit: ${check.problems.join('; ')}.`, {
      fields: check.problems.map((message) => ({ pointer: '/arguments', message })),
    })
  }
  if (!connection) return readResult(ctx, call.arguments)
  const answer = await askServer(ctx, connection, { name: tool.tool, arguments: call.arguments }, options)
  signal.throwIfAborted()
  return keepResult(ctx, answer, { tool: tool.tool, conversationId })
}

type Answer = Pick<CallToolResult, 'content' | 'structuredContent' | 'isError'>

async function askServer(
  ctx: Ctx,
  connection: Connection,
  params: { name: string; arguments: Record<string, unknown> },
  { signal, onProgress }: CallOptions,
): Promise<Answer> {
  const { callTimeoutMs, connectTimeoutMs } = ctx.config.tools
  let client = await connection.ready(connectTimeoutMs, signal)
  const ask = async () => {
    const options = {
      signal,
      timeout: callTimeoutMs,
      resetTimeoutOnProgress: true,
      maxTotalTimeout: callTimeoutMs * longestTimes,
      onprogress: throttled(onProgress),
    }
    return (await rejectOn(signal, client.callTool(params, options))) as Answer
  }
  try {
    return await ask()
  } catch (error) {
    signal.throwIfAborted()
    if (!isForgottenSession(error, client) && !isUnreached(error)) return answerOf(error, connection)
  }
  // The server did not get the call, or was restarted and refused it for coming from a session it does not know.
  connection.reconnect({ drop: true })
  client = await connection.ready(connectTimeoutMs, signal)
  try {
    return await ask()
  } catch (error) {
    signal.throwIfAborted()
    return answerOf(error, connection)
  }
}

/** MCP 2025-11-25, "Session Management": 404, or from older servers 400, for a session that is no more. */
function isForgottenSession(error: unknown, client: Client): boolean {
  if (!(error instanceof SdkHttpError) || client.getProtocolEra() !== 'legacy') return false
  return error.status === 404 || error.status === 400
}

/** The tool's answer where the failure is one; otherwise throws what to tell people. */
function answerOf(error: unknown, connection: Connection): Answer {
  const { spec } = connection
  if (error instanceof ProtocolError) {
    return { content: [{ type: 'text', text: cleanText(error.message).slice(0, 10_000) }], isError: true }
  }
  if (error instanceof SdkError && error.code === SdkErrorCode.UnsupportedResultType) {
    const text = 'The tool asked the person for input in the middle of its work, which is not supported here.'
    return { content: [{ type: 'text', text }], isError: true }
  }
  if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) {
    throw new AppError('tool_failed', `"${spec.name}" did not answer in time. The call may have taken effect.`, {
      cause: error,
    })
  }
  const isClosed = error instanceof SdkError && error.code === SdkErrorCode.ConnectionClosed
  const why = describeFailure((isClosed && connection.lastReason()) || error, spec)
  if (isRefusal(error) || isUnreached(error)) {
    connection.reconnect({ drop: true })
    throw new AppError('tool_server_unavailable', `The tool server "${spec.name}" is not reachable now. ${why}`, {
      cause: error,
    })
  }
  throw new AppError(
    'tool_failed',
    `The connection to "${spec.name}" broke during the call, which may have taken effect. ${why}`,
    { cause: error },
  )
}

/** Nothing of the request can have arrived. */
function isUnreached(failure: unknown): boolean {
  for (let error = failure; error instanceof Error; error = error.cause) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EHOSTUNREACH') return true
    if (code === 'UND_ERR_CONNECT_TIMEOUT') return true
  }
  return false
}

function throttled(onProgress: CallOptions['onProgress']) {
  let last = Number.NEGATIVE_INFINITY
  // Always asked for: progress is also what keeps a long call alive.
  return ({ progress, total, message }: { progress: number; total?: number; message?: string }) => {
    const now = performance.now()
    if (now - last < progressEveryMs) return
    last = now
    onProgress?.({ done: progress, total: total ?? null, message: message === undefined ? null : cleanText(message) })
  }
}
