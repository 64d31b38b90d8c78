import type { Scope, WorkspaceRole } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { TextField } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { FormDialog } from '../shell/form-dialog.tsx'
import { useMe } from './me.ts'
import { permissionGroups } from './permissions.ts'

/** What people may anyway is no choice. */
const always: Scope = 'account:read'

/** What most roles begin with: to chat, with files. */
const usual: Scope[] = [
  'conversations:read',
  'conversations:write',
  'files:read',
  'files:write',
  'models:read',
  'tools:read',
  'presets:read',
  'people:read',
]

/** Makes a role, or changes `role`. */
export function RoleDialog({ role, onClose }: { role?: WorkspaceRole; onClose: () => void }) {
  const me = useMe()
  const client = useQueryClient()
  const [chosen, setChosen] = useState<readonly Scope[]>(
    () => role?.scopes ?? usual.filter((scope) => me?.scopes.includes(scope)),
  )
  const save = useMutation({
    mutationFn: (content: { name: string; description: string }) => {
      const body = { ...content, scopes: [...chosen] }
      return role === undefined ? parley.roles.create(body) : parley.roles.update(role.id, body)
    },
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: ['roles'] }),
  })
  const submit = (fields: FormData) =>
    save.mutate({ name: String(fields.get('name')).trim(), description: String(fields.get('description')).trim() })
  const toggle = (scope: Scope) =>
    setChosen((current) => (current.includes(scope) ? current.filter((one) => one !== scope) : [...current, scope]))
  const nameTaken = save.error instanceof ParleyError && save.error.code === 'name_taken'
  return (
    <FormDialog
      size="large"
      title={role === undefined ? 'New role' : `Edit “${role.name}”`}
      submitLabel={role === undefined ? 'Make role' : 'Save'}
      failure={save.error && !nameTaken ? explainError(save.error) : undefined}
      busy={save.isPending}
      disabled={chosen.length === 0}
      onSubmit={submit}
      onClose={onClose}
    >
      {role !== undefined && role.memberCount > 0 && (
        <p className="text-sm text-text-muted">
          {role.memberCount === 1 ? 'One person has' : `${role.memberCount} people have`} this role. A change counts at
          once, for their API keys too.
        </p>
      )}
      <div className="grid gap-5 sm:grid-cols-2">
        <TextField
          label="Name"
          name="name"
          defaultValue={role?.name}
          maxLength={60}
          required
          {...(nameTaken ? { error: explainError(save.error) } : {})}
        />
        <TextField label="Description" name="description" defaultValue={role?.description} maxLength={500} />
      </div>
      <div className="grid gap-x-8 gap-y-6 md:grid-cols-2">
        {permissionGroups.map(({ title, permissions }) => (
          <fieldset key={title}>
            <legend className="mb-2 font-medium">{title}</legend>
            <div className="flex flex-col gap-3">
              {(Object.entries(permissions) as [Scope, { name: string; explanation: string }][])
                .filter(([scope]) => scope !== always)
                .map(([scope, { name, explanation }]) => (
                  <PermissionChoice
                    key={scope}
                    name={name}
                    explanation={explanation}
                    checked={chosen.includes(scope)}
                    disabled={!me?.scopes.includes(scope)}
                    onToggle={() => toggle(scope)}
                  />
                ))}
            </div>
          </fieldset>
        ))}
      </div>
    </FormDialog>
  )
}

function PermissionChoice({
  name,
  explanation,
  checked,
  disabled,
  onToggle,
}: {
  name: string
  explanation: string
  checked: boolean
  disabled: boolean
  onToggle: () => void
}) {
  const id = useId()
  return (
    <div className="flex items-start gap-2.5 text-sm">
      <input
        id={id}
        type="checkbox"
        className="mt-0.5 size-4 shrink-0 cursor-pointer accent-accent disabled:cursor-not-allowed"
        checked={checked}
        disabled={disabled}
        aria-describedby={`${id}-about`}
        onChange={onToggle}
      />
      <div>
        <label htmlFor={id} className={disabled ? 'text-text-muted' : 'cursor-pointer'}>
          {name}
        </label>
        <p id={`${id}-about`} className="text-text-muted text-xs">
          {explanation}
          {disabled && ' You do not have it, and cannot give it.'}
        </p>
      </div>
    </div>
  )
}
