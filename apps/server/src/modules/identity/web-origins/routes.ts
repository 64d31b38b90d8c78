import { webOriginEndpoints as endpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { addWebOrigin, presentWebOrigin, removeWebOrigin } from './change-origins.ts'
import { listWebOrigins } from './store.ts'

/** Mounts the list of sites whose pages may call the API of a workspace. */
export function mountWebOrigins(http: Http): void {
  http.route(endpoints.listWebOrigins, async (ctx) => ({
    data: (await listWebOrigins(ctx.db, ctx.actor.workspaceId)).map(presentWebOrigin),
  }))
  http.route(endpoints.addWebOrigin, (ctx, { body }, { idempotency }) => addWebOrigin(ctx, body.origin, idempotency))
  http.route(endpoints.removeWebOrigin, (ctx, { params }) => removeWebOrigin(ctx, params.id))
}
