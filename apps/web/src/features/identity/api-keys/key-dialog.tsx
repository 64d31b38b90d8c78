import { type ApiKey, type CreatedApiKey, resourceKinds, type Scope } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Select, TextField } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { FormDialog } from '../../shell/form-dialog.tsx'
import { formatDate } from '../../shell/format.ts'
import { explainFailure } from '../security/explain.ts'
import { useWithProof } from '../security/proof.tsx'
import { changeOf, formOf, isComplete, type KeyForm, newKeyOf } from './key-form.ts'
import { presets } from './key-scopes.ts'
import { ResourcePicker } from './resource-picker.tsx'
import { ScopePicker } from './scope-picker.tsx'

const expiries = [
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: '', label: 'Never' },
]
const signings = [
  { value: '', label: 'No, the key alone is enough' },
  { value: 'hmac-sha256', label: 'With a secret (HMAC-SHA256)' },
  { value: 'ed25519', label: 'With a private key (Ed25519)' },
]

/** Makes a key, of one's own or of a service account; with `editing`, changes one. */
export function KeyDialog({
  editing,
  serviceAccountId,
  possible,
  onMade,
  onClose,
}: {
  editing?: ApiKey | undefined
  serviceAccountId?: string | undefined
  /** What may be given. */
  possible: Scope[]
  onMade: (key: CreatedApiKey) => void
  onClose: () => void
}) {
  const client = useQueryClient()
  const withProof = useWithProof()
  const [form, setForm] = useState(() => formOf(editing, presets[0]!.scopes(possible)))
  const change = (part: Partial<KeyForm>) => setForm((current) => ({ ...current, ...part }))
  const save = useMutation({
    mutationFn: async () => {
      if (editing) await withProof(() => parley.apiKeys.update(editing.id, changeOf(form)))
      else onMade(await withProof(() => parley.apiKeys.create(newKeyOf(form, serviceAccountId))))
    },
    onSuccess: async () => {
      onClose()
      await client.invalidateQueries({ queryKey: ['api-keys'] })
      await client.invalidateQueries({ queryKey: ['service-accounts'] })
    },
  })
  const fields = save.error instanceof ParleyError ? save.error.fields : {}
  const addressError = Object.entries(fields).find(([field]) => field.startsWith('allowedAddresses'))?.[1]
  const kept = {
    value: 'keep',
    label: editing?.expiresAt ? `On ${formatDate(editing.expiresAt)}, as it is` : 'Never, as it is',
  }
  return (
    <FormDialog
      title={editing ? `Change “${editing.name}”` : 'New API key'}
      submitLabel={editing ? 'Save' : 'Make key'}
      failure={explainFailure(save.error)}
      busy={save.isPending}
      disabled={!isComplete(form)}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <TextField
        label="Name"
        hint="What will use it."
        value={form.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
        maxLength={100}
        required
        error={fields.name}
      />
      <Select
        label="Stops working"
        options={editing ? [kept, ...expiries] : expiries}
        value={form.days}
        onChange={(event) => change({ days: event.currentTarget.value })}
      />
      <ScopePicker possible={possible} chosen={form.scopes} onChange={(scopes) => change({ scopes })} />
      <ResourcePicker
        // The conversations of a service account are its own, and cannot be listed here.
        offered={serviceAccountId ? ['models', 'mcpServers'] : [...resourceKinds]}
        resources={form.resources}
        onChange={(resources) => change({ resources })}
      />
      <TextField
        label="Addresses it may be used from"
        hint="Addresses or networks, such as 203.0.113.7 or 10.0.0.0/8, one a line. Empty: from anywhere."
        multiline
        rows={2}
        value={form.addresses}
        onChange={(event) => change({ addresses: event.currentTarget.value })}
        error={addressError}
      />
      {!editing && (
        <Select
          label="Requests have to be signed"
          hint="Then the key is of no use to whoever finds it. By HTTP Message Signatures (RFC 9421); the SDK does it."
          options={signings}
          value={form.signing}
          onChange={(event) => change({ signing: event.currentTarget.value as KeyForm['signing'] })}
        />
      )}
      {!editing && form.signing === 'ed25519' && (
        <TextField
          label="Public key"
          hint="In PEM, as openssl pkey -pubout writes it."
          multiline
          rows={3}
          required
          className="font-mono"
          value={form.publicKey}
          onChange={(event) => change({ publicKey: event.currentTarget.value })}
          error={fields['signing.publicKey']}
        />
      )}
    </FormDialog>
  )
}
