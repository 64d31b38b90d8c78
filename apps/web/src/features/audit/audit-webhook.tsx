import type { AuditSettings } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, ConfirmDialog, CopyButton, TextField, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel } from '../shell/settings-page.tsx'

/** Where entries are sent, as they are written. */
export function AuditWebhook({ webhook, mayManage }: { webhook: AuditSettings['webhook']; mayManage: boolean }) {
  const client = useQueryClient()
  const toast = useToast()
  const [url, setUrl] = useState('')
  const [removing, setRemoving] = useState(false)
  const save = useMutation({
    mutationFn: () => parley.audit.setWebhook({ url }),
    onSuccess: async () => {
      setUrl('')
      await client.invalidateQueries({ queryKey: ['audit'] })
    },
  })
  const remove = async () => {
    try {
      await parley.audit.deleteWebhook()
      save.reset()
      toast({ message: 'Entries are sent nowhere any more.', tone: 'success' })
      await client.invalidateQueries({ queryKey: ['audit'] })
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  const fields = save.error instanceof ParleyError ? save.error.fields : {}
  return (
    <Panel className="flex flex-col gap-4 p-5">
      <div>
        <h2 className="font-medium">Webhook</h2>
        <p className="text-sm text-text-muted">
          Every entry is posted to an address of yours as it is written, in order and signed as Standard Webhooks say. A
          receiver that is away gets everything later.
        </p>
      </div>
      {webhook && <WebhookState webhook={webhook} />}
      {save.data && (
        <Callout
          tone="success"
          live
          title="Copy the secret now"
          actions={<CopyButton text={save.data.secret} label="Copy" />}
        >
          It is shown this once. With it the receiver verifies what it gets:{' '}
          <code className="break-all">{save.data.secret}</code>
        </Callout>
      )}
      {save.error && (
        <Callout tone="danger" live>
          {explainError(save.error)}
        </Callout>
      )}
      {mayManage && (
        <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
          <TextField
            label={webhook ? 'Another address' : 'Address'}
            type="url"
            required
            placeholder="https://logs.example.com/parley"
            className="min-w-0 flex-1 basis-64"
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
            error={fields.url}
          />
          <Button type="submit" loading={save.isPending}>
            {webhook ? 'Replace' : 'Send entries'}
          </Button>
          {webhook && (
            <Button variant="ghost" onClick={() => setRemoving(true)}>
              Stop sending
            </Button>
          )}
        </form>
      )}
      <ConfirmDialog
        open={removing}
        onOpenChange={setRemoving}
        title="Stop sending entries?"
        description="What was not sent yet stays here. An address that is set later gets what is written from then on."
        confirmLabel="Stop sending"
        danger
        onConfirm={remove}
      />
    </Panel>
  )
}

function WebhookState({ webhook }: { webhook: NonNullable<AuditSettings['webhook']> }) {
  const { url, deliveredSequence, lastSequence, lastError, failingSince } = webhook
  const waiting = lastSequence - deliveredSequence
  if (lastError !== null && failingSince !== null) {
    return (
      <Callout tone="warning" title={`${url} does not take entries`}>
        {lastError} Since {new Date(failingSince).toLocaleString()}; {waiting} wait. It is tried again by itself.
      </Callout>
    )
  }
  return (
    <p className="break-all text-sm">
      {url}
      <span className="block text-text-muted">
        {waiting <= 0 ? 'Everything is there.' : `${waiting} ${waiting === 1 ? 'entry waits' : 'entries wait'}.`}
      </span>
    </p>
  )
}
