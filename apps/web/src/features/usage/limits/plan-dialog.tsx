import type { Plan } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, Dialog, TextField, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { PriceFields, type Prices, usePrices } from '../billing/price-fields.tsx'
import { FigureFields, type Figures, useFigures } from './figure-fields.tsx'

/** Changes a plan, for every workspace on it. */
export function PlanDialog({ plan, withStripe, onClose }: { plan: Plan; withStripe: boolean; onClose: () => void }) {
  const form = useId()
  const client = useQueryClient()
  const toast = useToast()
  const [name, setName] = useState(plan.name)
  const figures = useFigures(plan)
  const prices = usePrices(plan)
  const save = useMutation({
    mutationFn: (set: Figures & Prices) => parley.limits.updatePlan(plan.id, { name, ...set }),
    onSuccess: async (saved) => {
      toast({ message: `The plan ${saved.name} is saved.`, tone: 'success' })
      onClose()
      await client.invalidateQueries({ queryKey: ['limits'] })
      await client.invalidateQueries({ queryKey: ['billing'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const [read, price] = [figures.read(), prices.read()]
    // Where nothing else is said, an hour's messages may come at once.
    if (read && price)
      save.mutate({
        ...read,
        ...price,
        requestBurst: read.requestsPerHour && (read.requestBurst ?? read.requestsPerHour),
      })
  }
  const fields = save.error instanceof ParleyError ? save.error.fields : {}
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
        <FigureFields figures={figures} errors={fields} />
        <p className="text-sm text-text-muted">
          For each person of every workspace on this plan, from now on. Empty: not limited.
        </p>
        <PriceFields prices={prices} errors={fields} withStripe={withStripe} />
        <p className="text-sm text-text-muted">
          A price counts for the whole of the running month. Empty: not sold. Invoices are made when the month is over.
        </p>
      </form>
    </Dialog>
  )
}
