import type { Plan } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, Dialog, TextField, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { fieldText, readWhole } from './figures.ts'

/** Changes a plan, for every workspace on it. */
export function PlanDialog({ plan, onClose }: { plan: Plan; onClose: () => void }) {
  const form = useId()
  const client = useQueryClient()
  const toast = useToast()
  const [name, setName] = useState(plan.name)
  const [requests, setRequests] = useState(fieldText(plan.requestsPerHour))
  const [burst, setBurst] = useState(fieldText(plan.requestBurst))
  const [tokens, setTokens] = useState(fieldText(plan.tokensPerDay))
  const [problems, setProblems] = useState<Record<string, string>>({})
  const save = useMutation({
    mutationFn: (set: Record<'requestsPerHour' | 'requestBurst' | 'tokensPerDay', number | null>) =>
      parley.limits.updatePlan(plan.id, { name, ...set }),
    onSuccess: async (saved) => {
      toast({ message: `The plan ${saved.name} is saved.`, tone: 'success' })
      onClose()
      await client.invalidateQueries({ queryKey: ['limits'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const read = {
      requestsPerHour: readWhole(requests),
      requestBurst: readWhole(burst),
      tokensPerDay: readWhole(tokens),
    }
    const { requestsPerHour, requestBurst, tokensPerDay } = read
    const wrong = Object.entries(read).filter(([, value]) => value === undefined)
    setProblems(Object.fromEntries(wrong.map(([name]) => [name, 'A whole number, such as 100. Empty: not limited.'])))
    if (requestsPerHour === undefined || requestBurst === undefined || tokensPerDay === undefined) return
    // Where nothing else is said, an hour's messages may come at once.
    save.mutate({ requestsPerHour, requestBurst: requestsPerHour && (requestBurst ?? requestsPerHour), tokensPerDay })
  }
  const fields = { ...(save.error instanceof ParleyError ? save.error.fields : {}), ...problems }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Change the plan ${plan.name}`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-5">
        {save.error && (
          <Callout tone="danger" live>
            {explainError(save.error)}
          </Callout>
        )}
        <TextField
          label="Name"
          value={name}
          required
          maxLength={60}
          error={fields.name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <div className="grid gap-4 sm:grid-cols-3">
          <TextField
            label="Messages an hour"
            inputMode="numeric"
            value={requests}
            error={fields.requestsPerHour}
            onChange={(event) => setRequests(event.currentTarget.value)}
          />
          <TextField
            label="At once"
            inputMode="numeric"
            value={burst}
            placeholder={requests}
            error={fields.requestBurst}
            onChange={(event) => setBurst(event.currentTarget.value)}
          />
          <TextField
            label="Tokens a day"
            inputMode="numeric"
            value={tokens}
            error={fields.tokensPerDay}
            onChange={(event) => setTokens(event.currentTarget.value)}
          />
        </div>
        <p className="text-sm text-text-muted">
          For each person of every workspace on this plan, from now on. Empty: not limited.
        </p>
      </form>
    </Dialog>
  )
}
