import type { FastifyRequest } from 'fastify'
import type { Ctx } from '../../platform/context.ts'
import { AppError, messageOf } from '../../platform/errors.ts'
import type { Http, SseStream } from '../../platform/http/index.ts'
import { onRevoked } from '../identity/index.ts'
import { onAccessChanged } from '../sharing/index.ts'
import { openRun } from './access.ts'

/**
 * Ends a stream as soon as its reader may not read it any more: signed out, key revoked, out of the workspace or the
 * group, role changed, not shared with any more. Looked at when something of that sort happens, not at every event.
 */
export function endWhenRevoked(http: Http, ctx: Ctx, runId: string, request: FastifyRequest, stream: SseStream): void {
  const check = async () => {
    if (stream.closed.aborted) return
    try {
      const actor = await http.authenticate(http.platform, request)
      if (!actor?.scopes.has('conversations:read')) return stream.close()
      await openRun({ ...ctx, actor }, runId)
    } catch (error) {
      // When in doubt, the reader comes back and is asked who they are.
      if (!(error instanceof AppError)) ctx.log.warn({ reason: messageOf(error) }, 'A stream could not be checked.')
      stream.close()
    }
  }
  const unsubscribe = [onAccessChanged(ctx, ctx.actor.workspaceId, check), onRevoked(ctx, ctx.actor, check)]
  stream.closed.addEventListener('abort', () => {
    for (const stop of unsubscribe) stop()
  })
}
