import type { Group } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, Dialog, TextField } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'

/** Makes a group, or renames and describes `group`. */
export function GroupDialog({ group, onClose }: { group?: Group; onClose: () => void }) {
  const client = useQueryClient()
  const form = useId()
  const save = useMutation({
    mutationFn: (body: { name: string; description: string }) =>
      group === undefined ? parley.groups.create(body) : parley.groups.update(group.id, body),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: ['groups'] }),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    save.mutate({ name: String(data.get('name')).trim(), description: String(data.get('description')).trim() })
  }
  const nameTaken = save.error instanceof ParleyError && save.error.code === 'name_taken'
  return (
    <Dialog
      open
      onOpenChange={onClose}
      size="small"
      title={group === undefined ? 'New group' : `Edit “${group.name}”`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={save.isPending}>
            {group === undefined ? 'Make group' : 'Save'}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-5">
        {save.error && !nameTaken && (
          <Callout tone="danger" live>
            {explainError(save.error)}
          </Callout>
        )}
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
      </form>
    </Dialog>
  )
}
