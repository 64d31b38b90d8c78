import { sharingEndpoints } from '@parley/contract'
import type { Http } from '../../platform/http/index.ts'
import { findSubjects } from '../identity/index.ts'
import { shareable } from './kinds.ts'
import { setAudience } from './restrictions.ts'
import { listGrants, share, unshare } from './share.ts'

/** Mounts sharing, of every kind that modules plugged in. */
export function mountSharing(http: Http): void {
  const conversations = shareable(http.platform, 'conversation')
  const presets = shareable(http.platform, 'preset')
  const mcpServers = shareable(http.platform, 'mcp-server')

  http.route(sharingEndpoints.listShareableWith, async (ctx, { query }) => ({ data: await findSubjects(ctx, query) }))

  http.route(sharingEndpoints.listConversationGrants, (ctx, { params, query }) =>
    listGrants(ctx, conversations, params.id, query),
  )
  http.route(sharingEndpoints.putConversationGrant, (ctx, { params, body }) =>
    share(ctx, conversations, params.id, body),
  )
  http.route(sharingEndpoints.deleteConversationGrant, (ctx, { params }) =>
    unshare(ctx, conversations, params.id, params.grantId),
  )

  http.route(sharingEndpoints.listPresetGrants, (ctx, { params, query }) => listGrants(ctx, presets, params.id, query))
  http.route(sharingEndpoints.putPresetGrant, (ctx, { params, body }) => share(ctx, presets, params.id, body))
  http.route(sharingEndpoints.deletePresetGrant, (ctx, { params }) => unshare(ctx, presets, params.id, params.grantId))

  http.route(sharingEndpoints.listMcpServerGrants, (ctx, { params, query }) =>
    listGrants(ctx, mcpServers, params.id, query),
  )
  http.route(sharingEndpoints.putMcpServerGrant, (ctx, { params, body }) => share(ctx, mcpServers, params.id, body))
  http.route(sharingEndpoints.deleteMcpServerGrant, (ctx, { params }) =>
    unshare(ctx, mcpServers, params.id, params.grantId),
  )
  http.route(sharingEndpoints.setMcpServerAudience, async (ctx, { params, body }) => {
    await setAudience(ctx, mcpServers, params.id, body.audience)
    return body
  })
}
