import type { Role, Scope } from '@parley/contract'
import type { Caller, Platform } from '../../../platform/context.ts'

/** What a request of a directory acts with: one workspace, and what the maker of the token might do. */
export interface ScimCtx extends Platform {
  workspaceId: string
  tokenId: string
  makerRole: Role
  makerScopes: ReadonlySet<Scope>
  requestId: string
  caller: Caller
}

/** Where the resources are. */
export function locationOf({ config }: Platform, type: 'Users' | 'Groups', id: string): string {
  return `${scimUrl(config)}/${type}/${id}`
}

/** The address to give to an identity provider. */
export function scimUrl(config: Platform['config']): string {
  return `${config.http.publicUrl.replace(/\/$/, '')}/scim/v2`
}
