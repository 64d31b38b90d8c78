import { peopleEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { clearSessionCookie } from '../session-cookie.ts'
import { getPerson, listPeople, removePerson } from './people.ts'
import { createWorkspace, leaveWorkspace, listWorkspaces, renameWorkspace, switchWorkspace } from './workspaces.ts'

/** Mounts the people of a workspace, and a person's workspaces. */
export function mountPeople(http: Http): void {
  http.route(peopleEndpoints.listPeople, (ctx, { query }) => listPeople(ctx, query))
  http.route(peopleEndpoints.getPerson, (ctx, { params }) => getPerson(ctx, params.id))
  http.route(peopleEndpoints.removePerson, (ctx, { params }) => removePerson(ctx, params.id))

  http.route(peopleEndpoints.listWorkspaces, (ctx) => listWorkspaces(ctx))
  http.route(peopleEndpoints.createWorkspace, (ctx, { body }) => createWorkspace(ctx, body))
  http.route(peopleEndpoints.renameWorkspace, (ctx, { body }) => renameWorkspace(ctx, body))
  http.route(peopleEndpoints.switchWorkspace, (ctx, { body }) => switchWorkspace(ctx, body))
  http.route(peopleEndpoints.leaveWorkspace, async (ctx, _input, { reply }) => {
    const left = await leaveWorkspace(ctx)
    if (left.workspace === null) clearSessionCookie(ctx.config, reply)
    return left
  })
}
