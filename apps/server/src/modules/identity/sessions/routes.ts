import { sessionEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { getSessions, revokeOtherSessions, revokeSession } from './manage-sessions.ts'

/** Mounts the list of places where a person is signed in. */
export function mountSessions(http: Http): void {
  http.route(sessionEndpoints.listSessions, (ctx) => getSessions(ctx))
  http.route(sessionEndpoints.revokeSession, (ctx, { params }) => revokeSession(ctx, params.id))
  http.route(sessionEndpoints.revokeOtherSessions, (ctx) => revokeOtherSessions(ctx))
}
