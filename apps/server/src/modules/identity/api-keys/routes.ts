import { apiKeyEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { listApiKeys, revokeApiKey, updateApiKey } from './change-key.ts'
import { createApiKey } from './make-key.ts'
import { reportLeakedKeys } from './report-leak.ts'
import { rotateApiKey } from './rotate-key.ts'

/** Mounts making and managing API keys, and reporting leaked ones. */
export function mountApiKeys(http: Http): void {
  http.route(apiKeyEndpoints.listApiKeys, (ctx, { query }) => listApiKeys(ctx, query))
  http.route(apiKeyEndpoints.createApiKey, (ctx, { body }, { idempotency }) => createApiKey(ctx, body, idempotency))
  http.route(apiKeyEndpoints.updateApiKey, (ctx, { params, body }) => updateApiKey(ctx, params.id, body))
  http.route(apiKeyEndpoints.rotateApiKey, (ctx, { params, body }, { idempotency }) =>
    rotateApiKey(ctx, params.id, body, idempotency),
  )
  http.route(apiKeyEndpoints.revokeApiKey, (ctx, { params }) => revokeApiKey(ctx, params.id))
  http.publicRoute(apiKeyEndpoints.reportLeakedKeys, async (ctx, { body }) => ({
    revoked: await reportLeakedKeys(ctx, body.keys, body.source),
  }))
}
