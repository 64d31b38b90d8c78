import type { Group } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { TextField } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { FormDialog } from '../shell/form-dialog.tsx'

/** Makes a group, or renames and describes `group`. */
export function GroupDialog({ group, onClose }: { group?: Group; onClose: () => void }) {
  const client = useQueryClient()
  const save = useMutation({
    mutationFn: (body: { name: string; description: string }) =>
      group === undefined ? parley.groups.create(body) : parley.groups.update(group.id, body),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: ['groups'] }),
  })
  const submit = (fields: FormData) =>
    save.mutate({ name: String(fields.get('name')).trim(), description: String(fields.get('description')).trim() })
  const nameTaken = save.error instanceof ParleyError && save.error.code === 'name_taken'
  return (
    <FormDialog
      size="small"
      title={group === undefined ? 'New group' : `Edit “${group.name}”`}
      submitLabel={group === undefined ? 'Make group' : 'Save'}
      failure={save.error && !nameTaken ? explainError(save.error) : undefined}
      busy={save.isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="Name"
        name="name"
        defaultValue={group?.name}
        maxLength={60}
        required
        {...(nameTaken ? { error: explainError(save.error) } : {})}
      />
      <TextField
        label="Description"
        name="description"
        defaultValue={group?.description}
        maxLength={500}
        hint="Who is in it, and what for."
      />
    </FormDialog>
  )
}
