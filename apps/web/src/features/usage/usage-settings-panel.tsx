import type { UsageSettings } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, Select, TextField, useToast } from '@parley/ui'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel } from '../shell/settings-page.tsx'

const readSettings = queryOptions({
  queryKey: ['usage-settings'],
  queryFn: ({ signal }) => parley.usage.settings({ signal }),
})

/** Where days begin, and what ends an answer that goes on for too long. */
export function UsageSettingsPanel({ mayManage }: { mayManage: boolean }) {
  const { data } = useQuery(readSettings)
  if (!data) return null
  return <SettingsForm key={JSON.stringify(data)} settings={data} mayManage={mayManage} />
}

const fuses = [
  { key: 'maxSteps', label: 'Steps', scale: 1 },
  { key: 'maxToolCalls', label: 'Tool calls', scale: 1 },
  { key: 'maxCostMicroUsd', label: 'US dollars', scale: 1e6 },
  { key: 'maxSeconds', label: 'Seconds', scale: 1 },
] as const

function SettingsForm({ settings, mayManage }: { settings: UsageSettings; mayManage: boolean }) {
  const client = useQueryClient()
  const toast = useToast()
  const { defaults, runFuse } = settings
  const [timeZone, setTimeZone] = useState(settings.timeZone)
  const [values, setValues] = useState<Record<string, string>>(
    Object.fromEntries(fuses.map(({ key, scale }) => [key, runFuse[key] === null ? '' : String(runFuse[key] / scale)])),
  )
  const save = useMutation({
    mutationFn: () =>
      parley.usage.updateSettings({
        ...(timeZone === settings.timeZone ? {} : { timeZone }),
        runFuse: Object.fromEntries(
          fuses.map(({ key, scale }) => [
            key,
            values[key]?.trim() ? Math.round(Number(values[key].replace(',', '.')) * scale) : null,
          ]),
        ),
      }),
    onSuccess: async (saved) => {
      toast({ message: 'Saved.', tone: 'success' })
      client.setQueryData(readSettings.queryKey, saved)
      await client.invalidateQueries({ queryKey: ['usage'] })
      await client.invalidateQueries({ queryKey: ['budgets'] })
    },
  })
  const fields = save.error instanceof ParleyError ? save.error.fields : {}
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  const zones = [...new Set(['UTC', settings.timeZone, ...Intl.supportedValuesOf('timeZone')])]
  return (
    <Panel className="p-5">
      <form onSubmit={submit} className="flex flex-col gap-5">
        {save.error && (
          <Callout tone="danger" live>
            {explainError(save.error)}
          </Callout>
        )}
        <Select
          label="Time zone"
          hint="Where days and months of budgets and usage begin."
          className="max-w-sm"
          disabled={!mayManage}
          options={zones.map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') }))}
          value={timeZone}
          onChange={(event) => setTimeZone(event.currentTarget.value)}
        />
        <fieldset>
          <legend className="font-medium text-sm">A single answer may take at most</legend>
          <p className="mt-0.5 mb-3 text-sm text-text-muted">
            What goes further ends, and says why. Empty: as the server is set.
          </p>
          <div className="grid grid-cols-2 gap-4 sm:grid-cols-4">
            {fuses.map(({ key, label, scale }) => (
              <TextField
                key={key}
                label={label}
                inputMode="decimal"
                pattern="[0-9]+([.,][0-9]+)?"
                disabled={!mayManage}
                placeholder={String(defaults[key] / scale)}
                value={values[key] ?? ''}
                onChange={(event) => {
                  const { value } = event.currentTarget
                  setValues((current) => ({ ...current, [key]: value }))
                }}
                error={fields[`runFuse.${key}`]}
              />
            ))}
          </div>
        </fieldset>
        {mayManage && (
          <Button type="submit" className="self-start" loading={save.isPending}>
            Save
          </Button>
        )}
      </form>
    </Panel>
  )
}
