import { roleEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { assignRole, changeRole, createRole, deleteRole, getRole, listRoles } from './roles.ts'

/** Mounts the roles of a workspace and who has them. */
export function mountRoles(http: Http): void {
  http.route(roleEndpoints.listRoles, (ctx, { query }) => listRoles(ctx, query))
  http.route(roleEndpoints.createRole, (ctx, { body }, { idempotency }) => createRole(ctx, body, idempotency))
  http.route(roleEndpoints.getRole, (ctx, { params }) => getRole(ctx, params.id))
  http.route(roleEndpoints.updateRole, (ctx, { params, body }) => changeRole(ctx, params.id, body))
  http.route(roleEndpoints.deleteRole, (ctx, { params, query }) => deleteRole(ctx, params.id, query.replacement))
  http.route(roleEndpoints.assignRole, (ctx, { params }) => assignRole(ctx, params.userId, params.id))
}
