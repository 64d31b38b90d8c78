import { serviceAccountEndpoints as endpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import * as accounts from './service-accounts.ts'

/** Mounts managing service accounts; their keys are managed with all others. */
export function mountServiceAccounts(http: Http): void {
  http.route(endpoints.listServiceAccounts, (ctx, { query }) => accounts.listServiceAccounts(ctx, query))
  http.route(endpoints.createServiceAccount, (ctx, { body }, { idempotency }) =>
    accounts.createServiceAccount(ctx, body, idempotency),
  )
  http.route(endpoints.updateServiceAccount, (ctx, { params, body }) =>
    accounts.updateServiceAccount(ctx, params.id, body),
  )
  http.route(endpoints.deleteServiceAccount, (ctx, { params }) => accounts.deleteServiceAccount(ctx, params.id))
}
