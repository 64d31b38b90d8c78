import type { Budget, BudgetScope, BudgetUnit, BudgetWindow } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, Dialog, Select, Switch, TextField, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { useSubjects } from './use-subjects.ts'

const scopes: { value: BudgetScope; label: string }[] = [
  { value: 'workspace', label: 'The whole workspace' },
  { value: 'group', label: 'A group' },
  { value: 'user', label: 'A person, or each person' },
  { value: 'key', label: 'An API key, or each' },
  { value: 'model', label: 'A model, or each' },
]
const windows: { value: BudgetWindow; label: string }[] = [
  { value: 'day', label: 'A day' },
  { value: 'month', label: 'A month' },
]
const units: { value: BudgetUnit; label: string }[] = [
  { value: 'money', label: 'US dollars' },
  { value: 'tokens', label: 'Tokens' },
]

/** Makes a budget, or changes the name, amount and warnings of `budget`. */
export function BudgetDialog({ budget, onClose }: { budget: Budget | undefined; onClose: () => void }) {
  const form = useId()
  const client = useQueryClient()
  const toast = useToast()
  const [name, setName] = useState(budget?.name ?? '')
  const [scope, setScope] = useState<BudgetScope>(budget?.scope ?? 'workspace')
  const [subjectId, setSubjectId] = useState(budget?.subjectId ?? '')
  const [unit, setUnit] = useState<BudgetUnit>(budget?.unit ?? 'money')
  const [window, setWindow] = useState<BudgetWindow>(budget?.window ?? 'month')
  const [amount, setAmount] = useState(
    budget ? String(budget.unit === 'money' ? budget.amount / 1e6 : budget.amount) : '',
  )
  const [warnAt, setWarnAt] = useState((budget?.warnAt ?? [80]).join(', '))
  const [hardStop, setHardStop] = useState(budget?.hardStop ?? true)
  const [problems, setProblems] = useState<Record<string, string>>({})

  const save = useMutation({
    mutationFn: (body: { amount: number; warnAt: number[] }) =>
      budget
        ? parley.budgets.update(budget.id, { name, hardStop, ...body })
        : parley.budgets.create({ name, scope, subjectId: subjectId || null, unit, window, hardStop, ...body }),
    onSuccess: async (saved) => {
      toast({ message: `The budget ${saved.name} is saved.`, tone: 'success' })
      onClose()
      await client.invalidateQueries({ queryKey: ['budgets'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const whole = readAmount(amount, unit)
    const thresholds = readThresholds(warnAt)
    const found = {
      ...(whole === undefined && {
        amount: unit === 'money' ? 'An amount such as 25 or 2.50.' : 'A whole number, such as 1000000.',
      }),
      ...(thresholds === undefined && { warnAt: 'Up to five percentages between 1 and 99, separated by commas.' }),
    }
    setProblems(found)
    if (whole !== undefined && thresholds !== undefined) save.mutate({ amount: whole, warnAt: thresholds })
  }
  const fields = { ...(save.error instanceof ParleyError ? save.error.fields : {}), ...problems }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={budget ? `Change ${budget.name}` : 'New budget'}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-5" noValidate={false}>
        {save.error && (
          <Callout tone="danger" live>
            {explainError(save.error)}
          </Callout>
        )}
        <TextField
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={100}
          required
          error={fields.name}
        />
        {!budget && (
          <>
            <Select
              label="For"
              options={scopes}
              value={scope}
              onChange={(event) => {
                setScope(event.currentTarget.value as BudgetScope)
                setSubjectId('')
              }}
            />
            {scope !== 'workspace' && (
              <Subject scope={scope} value={subjectId} onChange={setSubjectId} error={fields.subjectId} />
            )}
          </>
        )}
        <div className="grid gap-4 sm:grid-cols-3">
          <TextField
            label="Amount"
            inputMode="decimal"
            value={amount}
            onChange={(event) => setAmount(event.currentTarget.value)}
            required
            error={fields.amount}
          />
          <Select
            label="In"
            options={units}
            value={unit}
            disabled={budget !== undefined}
            onChange={(event) => setUnit(event.currentTarget.value as BudgetUnit)}
          />
          <Select
            label="Each"
            options={windows}
            value={window}
            disabled={budget !== undefined}
            onChange={(event) => setWindow(event.currentTarget.value as BudgetWindow)}
          />
        </div>
        <TextField
          label="Warn at percent"
          value={warnAt}
          onChange={(event) => setWarnAt(event.currentTarget.value)}
          hint="Separated by commas. People see it above their chats."
          error={fields.warnAt}
        />
        <Switch
          label="Stop when it is used up"
          hint="Otherwise it only warns, and answers go on."
          checked={hardStop}
          onCheckedChange={setHardStop}
        />
      </form>
    </Dialog>
  )
}

function Subject({
  scope,
  value,
  onChange,
  error,
}: {
  scope: Exclude<BudgetScope, 'workspace'>
  value: string
  onChange: (id: string) => void
  error: string | undefined
}) {
  const choices = useSubjects()[scope]
  const each = {
    group: 'Choose a group',
    user: 'Each person has it',
    key: 'Each API key has it',
    model: 'Each model has it',
  }[scope]
  return (
    <Select
      label={{ group: 'Group', user: 'Person', key: 'API key', model: 'Model' }[scope]}
      value={value}
      required={scope === 'group'}
      onChange={(event) => onChange(event.currentTarget.value)}
      options={[{ value: '', label: each }, ...choices.map(({ id, name }) => ({ value: id, label: name }))]}
      {...(error === undefined ? {} : { error })}
    />
  )
}

/** Micro-USD or tokens; undefined for what is no amount. */
function readAmount(text: string, unit: BudgetUnit): number | undefined {
  const plain = text.replace(/[\s_']/g, '').replace(/^\$/, '')
  if (!(unit === 'money' ? /^\d{1,7}([.,]\d{1,6})?$/ : /^\d{1,13}$/).test(plain)) return undefined
  const value = Number(plain.replace(',', '.'))
  const whole = unit === 'money' ? Math.round(value * 1e6) : value
  return whole >= 1 && whole <= 1e12 ? whole : undefined
}

function readThresholds(text: string): number[] | undefined {
  const items = text
    .split(/[\s,;%]+/)
    .filter(Boolean)
    .map(Number)
  return items.length <= 5 && items.every((item) => Number.isInteger(item) && item >= 1 && item <= 99)
    ? items
    : undefined
}
