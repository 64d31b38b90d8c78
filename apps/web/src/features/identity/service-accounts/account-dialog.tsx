import type { ServiceAccount } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Select, TextField } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { FormDialog } from '../../shell/form-dialog.tsx'
import { listRoles } from '../list-roles.ts'

const explained: Partial<Record<string, string>> = {
  member: 'Member: chats, uploads files, calls tools',
  viewer: 'Viewer: looks only',
  admin: 'Admin: manages the workspace',
}

/** Makes a service account, or changes one. */
export function AccountDialog({
  editing,
  onSaved,
  onClose,
}: {
  editing?: ServiceAccount
  onSaved?: (account: ServiceAccount) => void
  onClose: () => void
}) {
  const client = useQueryClient()
  const [name, setName] = useState(editing?.name ?? '')
  const [description, setDescription] = useState(editing?.description ?? '')
  const [role, setRole] = useState<string>(editing?.customRole?.id ?? editing?.role ?? 'member')
  const roles = useQuery(listRoles).data?.data ?? []
  // Programs own nothing, and nobody gives them more than they have.
  const options = roles
    .filter(({ id, grantable }) => id === role || (id !== 'owner' && grantable))
    .map(({ id, name: label }) => ({ value: id, label: explained[id] ?? label }))
  const save = useMutation({
    mutationFn: () => {
      const body = { name, description, role }
      return editing ? parley.serviceAccounts.update(editing.id, body) : parley.serviceAccounts.create(body)
    },
    onSuccess: async (account) => {
      // First: the page of a new one finds it in the list.
      await client.invalidateQueries({ queryKey: ['service-accounts'] })
      onClose()
      onSaved?.(account)
    },
  })
  const fields = save.error instanceof ParleyError ? save.error.fields : {}
  return (
    <FormDialog
      title={editing ? `Change “${editing.name}”` : 'New service account'}
      submitLabel={editing ? 'Save' : 'Make account'}
      failure={save.error ? explainError(save.error) : undefined}
      busy={save.isPending}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <TextField
        label="Name"
        hint="Shown as the author of what it writes."
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={100}
        required
        error={fields.name}
      />
      <TextField
        label="What it is for"
        multiline
        rows={2}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
        maxLength={500}
      />
      <Select
        label="Role"
        hint="Its keys may do this at most."
        options={options.length > 0 ? options : [{ value: role, label: explained[role] ?? role }]}
        value={role}
        onChange={(event) => setRole(event.currentTarget.value)}
      />
    </FormDialog>
  )
}
