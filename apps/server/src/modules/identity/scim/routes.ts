import { provisioningEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { resourceTypes, schemas, serviceProviderConfig } from './discovery.ts'
import { openScimDoor, type ScimAnswer, type ScimRequest, type ScimRoute } from './door.ts'
import { createGroup, deleteGroup, getGroup, patchGroup, replaceGroup, searchGroups } from './groups.ts'
import { acceptOffer, declineOffer, listProvisionedPeople, lookAtOffer, repeatOffer } from './offers.ts'
import { readPatch } from './patch.ts'
import { isKnown, versionOf } from './preconditions.ts'
import { type Projection, project, readProjection } from './project.ts'
import { isObject, type Resource, readResource, requireSchema } from './read-resource.ts'
import { groupResource, type ResourceSchema, userResource } from './schemas.ts'
import type { ScimCtx } from './scim-ctx.ts'
import { ScimError } from './scim-error.ts'
import { listResponse } from './search.ts'
import { createScimToken, getProvisioning, revokeScimToken, rotateScimToken } from './tokens.ts'
import { createUser, deleteUser, getUser, patchUser, replaceUser, searchUsers } from './users.ts'

const searchSchemaId = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

/** Mounts SCIM 2.0 for directories, and what administrators and the people themselves do about it. */
export function mountScim(http: Http): void {
  const { getProvisioning: get, createScimToken: create, rotateScimToken: rotate } = provisioningEndpoints
  http.route(get, (ctx) => getProvisioning(ctx))
  http.route(create, (ctx, { body }, { idempotency }) => createScimToken(ctx, body, idempotency))
  http.route(rotate, (ctx, { params, body }, { idempotency }) => rotateScimToken(ctx, params.id, body, idempotency))
  http.route(provisioningEndpoints.revokeScimToken, (ctx, { params }) => revokeScimToken(ctx, params.id))
  http.route(provisioningEndpoints.listProvisionedPeople, (ctx, { query }) => listProvisionedPeople(ctx, query))
  http.route(provisioningEndpoints.repeatOffer, (ctx, { params }) => repeatOffer(ctx, params.id))
  http.route(provisioningEndpoints.lookAtOffer, (ctx, { body }) => lookAtOffer(ctx, body.token))
  http.route(provisioningEndpoints.acceptOffer, (ctx, { body }) => acceptOffer(ctx, body.token))
  http.route(provisioningEndpoints.declineOffer, (ctx, { body }) => declineOffer(ctx, body.token))

  openScimDoor(http, [
    ...resourceRoutes('/Users', userResource, {
      create: createUser,
      get: getUser,
      search: searchUsers,
      replace: replaceUser,
      patch: patchUser,
      delete: deleteUser,
    }),
    ...resourceRoutes('/Groups', groupResource, {
      create: createGroup,
      get: getGroup,
      search: searchGroups,
      replace: replaceGroup,
      patch: patchGroup,
      delete: deleteGroup,
    }),
    ...discoveryRoutes(),
    ...notSupported('/Me', '/Bulk'),
  ])
}

interface Behaviour {
  create(ctx: ScimCtx, resource: Resource): Promise<Record<string, unknown>>
  /** `projection`: what is asked for, so that the rest need not be looked up. */
  get(ctx: ScimCtx, id: string, projection: Projection): Promise<Record<string, unknown>>
  search(ctx: ScimCtx, given: Record<string, unknown>): Promise<Record<string, unknown>>
  replace(ctx: ScimCtx, id: string, resource: Resource, ifMatch?: string): Promise<Record<string, unknown>>
  patch(
    ctx: ScimCtx,
    id: string,
    operations: ReturnType<typeof readPatch>,
    ifMatch?: string,
  ): Promise<Record<string, unknown>>
  delete(ctx: ScimCtx, id: string, ifMatch?: string): Promise<void>
}

/** RFC 7644, section 3, for one type of resource. */
function resourceRoutes(path: string, schema: ResourceSchema, of: Behaviour): ScimRoute[] {
  const one = `${path}/:id`
  const answer = (request: ScimRequest, resource: Record<string, unknown>, status = 200): ScimAnswer => {
    const projection = readProjection(schema, request.query.attributes, request.query.excludedAttributes)
    const { location } = resource.meta as { location: string }
    const headers = { etag: versionOf(resource), ...(status === 201 ? { location } : { 'content-location': location }) }
    return { status, body: project(resource, projection), headers }
  }
  return [
    {
      method: 'POST',
      path,
      handle: async (ctx, request) => answer(request, await of.create(ctx, readResource(schema, request.body)), 201),
    },
    { method: 'GET', path, handle: async (ctx, { query }) => ({ status: 200, body: await of.search(ctx, query) }) },
    {
      method: 'POST',
      path: `${path}/.search`,
      handle: async (ctx, { body }) => {
        if (!isObject(body)) throw new ScimError(400, 'invalidSyntax', 'The body has to be a JSON object.')
        requireSchema(body, searchSchemaId)
        return { status: 200, body: await of.search(ctx, body) }
      },
    },
    {
      method: 'GET',
      path: one,
      handle: async (ctx, request) => {
        const { attributes, excludedAttributes } = request.query
        const projection = readProjection(schema, attributes, excludedAttributes)
        const resource = await of.get(ctx, request.params.id!, projection)
        if (!isKnown(resource, request.ifNoneMatch)) return answer(request, resource)
        return { status: 304, headers: { etag: versionOf(resource) } }
      },
    },
    {
      method: 'PUT',
      path: one,
      handle: async (ctx, request) => {
        const { params, body, ifMatch } = request
        return answer(request, await of.replace(ctx, params.id!, readResource(schema, body), ifMatch))
      },
    },
    {
      method: 'PATCH',
      path: one,
      handle: async (ctx, request) => {
        const { params, body, ifMatch } = request
        return answer(request, await of.patch(ctx, params.id!, readPatch(body), ifMatch))
      },
    },
    {
      method: 'DELETE',
      path: one,
      handle: async (ctx, { params, ifMatch }) => {
        await of.delete(ctx, params.id!, ifMatch)
        return { status: 204 }
      },
    },
  ]
}

/** RFC 7644, section 4. */
function discoveryRoutes(): ScimRoute[] {
  const unfiltered = ({ query }: ScimRequest) => {
    if (query.filter !== undefined) throw new ScimError(403, undefined, 'This list cannot be filtered.')
  }
  const listed = (path: string, list: (ctx: ScimCtx) => { id: string }[]): ScimRoute[] => [
    {
      method: 'GET',
      path,
      handle: (ctx, request) => {
        unfiltered(request)
        const all = list(ctx) as ({ id: string } & Record<string, unknown>)[]
        return { status: 200, body: listResponse(all.length, all) }
      },
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      handle: (ctx, { params }) => {
        const found = list(ctx).find(({ id }) => id.toLowerCase() === params.id!.toLowerCase())
        if (found === undefined) throw new ScimError(404, undefined, 'There is nothing of this name.')
        return { status: 200, body: found as { id: string } & Record<string, unknown> }
      },
    },
  ]
  return [
    {
      method: 'GET',
      path: '/ServiceProviderConfig',
      handle: (ctx, request) => {
        unfiltered(request)
        return { status: 200, body: serviceProviderConfig(ctx) }
      },
    },
    ...listed('/ResourceTypes', resourceTypes),
    ...listed('/Schemas', schemas),
  ]
}

/** RFC 7644, sections 3.7 and 3.11: what is not offered is said so. */
function notSupported(...paths: string[]): ScimRoute[] {
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
  return paths.flatMap((path) =>
    methods.map((method) => ({
      method,
      path,
      handle: () => {
        throw new ScimError(501, undefined, `${path} is not supported.`)
      },
    })),
  )
}
