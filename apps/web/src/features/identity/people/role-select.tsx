import type { WorkspaceRole } from '@parley/contract'
import { Select } from '@parley/ui'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { parley } from '../../../parley.ts'

/** Every role of the workspace; there are a few dozen at most. */
export const listRoles = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }) => parley.roles.list({ limit: 200 }, { signal }),
})

export function roleNameOf(roles: readonly WorkspaceRole[], id: string): string {
  return roles.find((role) => role.id === id)?.name ?? id
}

/** A choice of the roles that the person may give; the one that is held is there in any case. */
export function RoleSelect({
  label,
  labelHidden = true,
  value,
  busy = false,
  onChange,
}: {
  label: string
  labelHidden?: boolean
  value: string
  busy?: boolean
  onChange: (roleId: string) => void
}) {
  const roles = useQuery(listRoles).data?.data ?? []
  const options = roles
    .filter(({ id, grantable }) => grantable || id === value)
    .map(({ id, name }) => ({ value: id, label: name }))
  return (
    <Select
      label={label}
      labelHidden={labelHidden}
      options={options.length > 0 ? options : [{ value, label: value }]}
      value={value}
      disabled={busy}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
