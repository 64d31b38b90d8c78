import type { Platform } from '../../../platform/context.ts'
import { allSchemas, enterpriseSchemaId, groupSchemaId, type Schema, userSchemaId } from './schemas.ts'
import { scimUrl } from './scim-ctx.ts'

export const mostResults = 200

const schemaSchemaId = 'urn:ietf:params:scim:schemas:core:2.0:Schema'
const resourceTypeSchemaId = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType'
const configSchemaId = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'

/** What is supported here (RFC 7643, section 5). */
export function serviceProviderConfig({ config }: Platform): Record<string, unknown> {
  return {
    schemas: [configSchemaId],
    documentationUri: `${config.http.publicUrl}/docs/provisioning`,
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: mostResults },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A token that an administrator of the workspace makes under Settings, Provisioning.',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${scimUrl(config)}/ServiceProviderConfig` },
  }
}

export function resourceTypes({ config }: Platform): ({ id: string } & Record<string, unknown>)[] {
  const type = (id: string, endpoint: string, description: string, schema: string, more: object = {}) => ({
    schemas: [resourceTypeSchemaId],
    id,
    name: id,
    endpoint,
    description,
    schema,
    ...more,
    meta: { resourceType: 'ResourceType', location: `${scimUrl(config)}/ResourceTypes/${id}` },
  })
  return [
    type('User', '/Users', 'People of the workspace.', userSchemaId, {
      schemaExtensions: [{ schema: enterpriseSchemaId, required: false }],
    }),
    type('Group', '/Groups', 'Groups of the workspace.', groupSchemaId),
  ]
}

export function schemas({ config }: Platform): (Schema & Record<string, unknown>)[] {
  return allSchemas.map((schema) => ({
    schemas: [schemaSchemaId],
    ...schema,
    meta: { resourceType: 'Schema', location: `${scimUrl(config)}/Schemas/${schema.id}` },
  }))
}
