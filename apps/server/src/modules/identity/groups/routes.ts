import { groupEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { setGroupRole } from './group-role.ts'
import * as groups from './groups.ts'

/** Mounts the groups of a workspace and who is in them. */
export function mountGroups(http: Http): void {
  http.route(groupEndpoints.listGroups, (ctx, { query }) => groups.listGroups(ctx, query))
  http.route(groupEndpoints.createGroup, (ctx, { body }, { idempotency }) => groups.createGroup(ctx, body, idempotency))
  http.route(groupEndpoints.getGroup, (ctx, { params }) => groups.getGroup(ctx, params.id))
  http.route(groupEndpoints.updateGroup, (ctx, { params, body }) => groups.changeGroup(ctx, params.id, body))
  http.route(groupEndpoints.deleteGroup, (ctx, { params }) => groups.deleteGroup(ctx, params.id))
  http.route(groupEndpoints.listGroupMembers, (ctx, { params, query }) =>
    groups.listGroupMembers(ctx, params.id, query),
  )
  http.route(groupEndpoints.setGroupRole, (ctx, { params, body }) => setGroupRole(ctx, params.id, body.role))
  http.route(groupEndpoints.addGroupMember, (ctx, { params }) => groups.addGroupMember(ctx, params.id, params.userId))
  http.route(groupEndpoints.removeGroupMember, (ctx, { params }) =>
    groups.removeGroupMember(ctx, params.id, params.userId),
  )
}
