import { invitationEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { clientOf } from '../client.ts'
import { acceptInvitation, inspectLink } from './accept.ts'
import { invite, listInvitations, resendInvitation, revokeInvitation } from './invite.ts'

/** Mounts inviting people, and following an invitation. */
export function mountInvitations(http: Http): void {
  http.route(invitationEndpoints.listInvitations, (ctx, { query }) => listInvitations(ctx, query))
  http.route(invitationEndpoints.createInvitation, (ctx, { body }, { idempotency }) => invite(ctx, body, idempotency))
  http.route(invitationEndpoints.resendInvitation, (ctx, { params }) => resendInvitation(ctx, params.id))
  http.route(invitationEndpoints.revokeInvitation, (ctx, { params }) => revokeInvitation(ctx, params.id))
  http.publicRoute(invitationEndpoints.inspectLink, (ctx, { body }, { request }) =>
    inspectLink(ctx, body.token, clientOf(ctx.config, request)),
  )
  http.route(invitationEndpoints.acceptInvitation, (ctx, { body }, { request }) =>
    acceptInvitation(ctx, body.token, clientOf(ctx.config, request)),
  )
}
