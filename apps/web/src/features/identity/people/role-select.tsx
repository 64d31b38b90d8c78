import { Select } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { listRoles } from '../list-roles.ts'

/** A choice of the roles that the person may give; the one that is held is there in any case. */
export function RoleSelect({
  label,
  labelHidden = true,
  value,
  without = [],
  busy = false,
  onChange,
}: {
  label: string
  labelHidden?: boolean
  value: string
  /** Roles that cannot be given here. */
  without?: string[]
  busy?: boolean
  onChange: (roleId: string) => void
}) {
  const roles = useQuery(listRoles).data?.data ?? []
  const options = roles
    .filter(({ id, grantable }) => (grantable && !without.includes(id)) || id === value)
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
