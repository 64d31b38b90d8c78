import type { WorkspaceRole } from '@parley/contract'
import { queryOptions } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

/** Every role of the workspace; there are a few dozen at most. */
export const listRoles = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }) => parley.roles.list({ limit: 200 }, { signal }),
})

export function roleNameOf(roles: readonly WorkspaceRole[], id: string): string {
  return roles.find((role) => role.id === id)?.name ?? id
}
