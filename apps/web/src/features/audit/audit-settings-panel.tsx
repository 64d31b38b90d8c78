import { type AuditSettings, auditRetentionDays } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, ConfirmDialog, TextField, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel } from '../shell/settings-page.tsx'
import { AuditWebhook } from './audit-webhook.tsx'
import { auditSettings } from './list-audit.ts'

/** How long entries are kept, and where they are sent. */
export function AuditSettingsPanel({ mayManage }: { mayManage: boolean }) {
  const { data, error } = useQuery(auditSettings)
  if (error) return <Callout tone="danger">{explainError(error)}</Callout>
  if (!data) return null
  return (
    <>
      <Retention key={data.retentionDays} settings={data} mayManage={mayManage} />
      <AuditWebhook webhook={data.webhook} mayManage={mayManage} />
    </>
  )
}

function Retention({ settings, mayManage }: { settings: AuditSettings; mayManage: boolean }) {
  const client = useQueryClient()
  const toast = useToast()
  const [days, setDays] = useState(String(settings.retentionDays))
  const [asking, setAsking] = useState(false)
  const save = useMutation({
    mutationFn: () => parley.audit.updateSettings({ retentionDays: Number(days) }),
    onSuccess: async () => {
      toast({ message: 'Saved.', tone: 'success' })
      await client.invalidateQueries({ queryKey: ['audit'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (Number(days) < settings.retentionDays) setAsking(true)
    else save.mutate()
  }
  const fields = save.error instanceof ParleyError ? save.error.fields : {}
  const { least, most } = auditRetentionDays
  return (
    <Panel className="p-5">
      <form onSubmit={submit} className="flex flex-col items-start gap-4">
        {save.error && (
          <Callout tone="danger" live>
            {explainError(save.error)}
          </Callout>
        )}
        <TextField
          label="Days that entries are kept"
          hint={`${least} to ${most}. Older ones are removed from the beginning; the rest can still be verified.`}
          type="number"
          required
          min={least}
          max={most}
          disabled={!mayManage}
          className="w-full max-w-sm"
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
          error={fields.retentionDays}
        />
        {mayManage && (
          <Button type="submit" loading={save.isPending} disabled={days === String(settings.retentionDays)}>
            Save
          </Button>
        )}
      </form>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Keep entries for ${days} days only?`}
        description="Older ones are removed within the hour, for good. Export them first if you may need them."
        confirmLabel="Remove older entries"
        danger
        onConfirm={() => save.mutate()}
      />
    </Panel>
  )
}
