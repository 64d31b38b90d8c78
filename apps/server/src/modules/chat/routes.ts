import { endpoints, type Message, type Started } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { type Exchange, type Http, openSse } from '../../platform/http/index.ts'
import { readMessage } from '../conversations/index.ts'
import { openRun } from './access.ts'
import { activeRuns } from './active-runs.ts'
import { endWhenRevoked } from './end-when-revoked.ts'
import { presentRun } from './present.ts'
import { resumeRun } from './resume-run.ts'
import { regenerateMessage, sendMessage } from './send-message.ts'
import { stopRun } from './stop-run.ts'
import { streamRun } from './stream-run.ts'

export function mountChat(http: Http): void {
  http.route(endpoints.sendMessage, async (ctx, { params, body }, exchange) =>
    answer(http, ctx, exchange, await sendMessage(ctx, params.id, body, exchange.idempotency)),
  )

  http.route(endpoints.regenerateMessage, async (ctx, { params, body }, exchange) =>
    answer(http, ctx, exchange, await regenerateMessage(ctx, params.id, body, exchange.idempotency)),
  )

  http.route(endpoints.resumeRun, async (ctx, { params, body }, exchange) =>
    answer(http, ctx, exchange, await resumeRun(ctx, params.id, body.answers, exchange.idempotency)),
  )

  http.route(endpoints.getRun, async (ctx, { params }) => {
    const run = await openRun(ctx, params.id)
    return presentRun(run, run.nextRunId)
  })

  http.route(endpoints.streamRun, async (ctx, { params, query }, exchange) => {
    const run = await openRun(ctx, params.id)
    const after = query.after ?? lastEventId(exchange)
    await streamTo(http, ctx, run.id, after, exchange)
  })

  http.route(endpoints.stopRun, async (ctx, { params }) => stopRun(ctx, params.id))
}

async function streamTo(http: Http, ctx: Ctx, runId: string, after: number, exchange: Exchange): Promise<void> {
  const stream = openSse(exchange)
  endWhenRevoked(http, ctx, runId, exchange.request, stream)
  await streamRun(ctx, runId, after, stream)
}

/** In the form the caller asked for: the events, the finished message, or at once. */
async function answer(
  http: Http,
  ctx: Ctx,
  exchange: Exchange,
  started: Started,
): Promise<Started | Message | undefined> {
  const { request, reply } = exchange
  reply.header('Parley-Run-Id', started.run.id)
  if (request.headers.accept?.includes('text/event-stream')) {
    await streamTo(http, ctx, started.run.id, 0, exchange)
    return
  }
  if (!/(^|[,;\s])wait(=|$|[,;\s])/.test(String(request.headers.prefer ?? ''))) return started
  reply.header('Preference-Applied', 'wait')
  reply.code(200)
  return waitForMessage(ctx, started)
}

async function waitForMessage(ctx: Ctx, started: Started): Promise<Message> {
  await activeRuns(ctx).whenEnded(started.run.id, ctx.signal)
  ctx.signal.throwIfAborted()
  const message = await readMessage(ctx, started.assistantMessage.id)
  if (message.status !== 'writing') return message
  throw new AppError(
    'unavailable',
    `The server is restarting; the reply goes on. Follow it at /api/v1/runs/${started.run.id}/events.`,
    {
      retryAfterSeconds: 5,
    },
  )
}

function lastEventId({ request }: Exchange): number {
  const header = request.headers['last-event-id']
  if (header === undefined) return 0
  const number = Number(header)
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw new AppError('invalid_request', 'Last-Event-ID has to be the id of an event of this run: a number.')
}
