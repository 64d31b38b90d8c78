import type { KeyResources } from '@parley/contract'
import { Callout, Skeleton, TextField } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'

type Kind = keyof KeyResources
interface Choice {
  id: string
  label: string
}

/** The kinds of things a key can be limited to, and how to list them. */
export const kinds: { kind: Kind; name: string; one: string; list: (signal: AbortSignal) => Promise<Choice[]> }[] = [
  {
    kind: 'models',
    name: 'models',
    one: 'model',
    list: async (signal) =>
      (await parley.models.list({}, { signal })).data.map(({ id, name, providerName }) => ({
        id,
        label: `${name} (${providerName})`,
      })),
  },
  {
    kind: 'mcpServers',
    name: 'MCP servers',
    one: 'MCP server',
    list: async (signal) =>
      (await parley.mcpServers.list({ limit: 200 }, { signal })).data.map(({ id, name }) => ({ id, label: name })),
  },
  {
    kind: 'conversations',
    name: 'conversations',
    one: 'conversation',
    list: async (signal) =>
      (await parley.conversations.list({ limit: 100 }, { signal })).data.map(({ id, title }) => ({ id, label: title })),
  },
  {
    kind: 'presets',
    name: 'presets',
    one: 'preset',
    list: async (signal) =>
      (await parley.presets.list({ limit: 200 }, { signal })).data.map(({ id, name }) => ({ id, label: name })),
  },
]

/** What a key reaches: of each kind everything, or what is chosen. */
export function ResourcePicker({
  offered,
  resources,
  onChange,
}: {
  offered: Kind[]
  resources: KeyResources
  onChange: (resources: KeyResources) => void
}) {
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-2 font-medium text-sm">What it reaches</legend>
      {kinds
        .filter(({ kind }) => offered.includes(kind))
        .map((each) => (
          <KindPicker
            key={each.kind}
            {...each}
            chosen={resources[each.kind]}
            onChange={(chosen) => onChange({ ...resources, [each.kind]: chosen })}
          />
        ))}
    </fieldset>
  )
}

function KindPicker({
  kind,
  name,
  one,
  list,
  chosen,
  onChange,
}: (typeof kinds)[number] & { chosen: string[] | undefined; onChange: (chosen: string[] | undefined) => void }) {
  const limited = chosen !== undefined
  return (
    <div className="rounded-md border border-border-strong/60 p-3 text-sm">
      <label className="flex cursor-pointer items-center gap-2">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={limited}
          onChange={() => onChange(limited ? undefined : [])}
        />
        Only some {name}
      </label>
      {limited && <Choices kind={kind} one={one} list={list} chosen={chosen} onChange={onChange} />}
    </div>
  )
}

function Choices({
  kind,
  one,
  list,
  chosen,
  onChange,
}: {
  kind: Kind
  one: string
  list: (signal: AbortSignal) => Promise<Choice[]>
  chosen: string[]
  onChange: (chosen: string[]) => void
}) {
  const [sought, setSought] = useState('')
  const found = useQuery({ queryKey: ['key-resources', kind], queryFn: ({ signal }) => list(signal) })
  if (found.error) return <Callout tone="danger">{explainError(found.error)}</Callout>
  if (!found.data) return <Skeleton />
  // What was chosen and is not listed (a tool, something that is gone) stays until it is taken out.
  const others = chosen.filter((id) => !found.data.some((each) => each.id === id)).map((id) => ({ id, label: id }))
  const all = [...others, ...found.data]
  const shown = all.filter(({ label }) => label.toLowerCase().includes(sought.trim().toLowerCase()))
  const toggle = (id: string) => onChange(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id])
  return (
    <div className="mt-3 flex flex-col gap-2">
      {all.length > 8 && (
        <TextField
          label={`Find a ${one}`}
          labelHidden
          type="search"
          placeholder={`Find a ${one}`}
          value={sought}
          onChange={(event) => setSought(event.currentTarget.value)}
        />
      )}
      <div className="flex max-h-44 flex-col gap-1.5 overflow-y-auto p-0.5">
        {shown.map(({ id, label }) => (
          <label key={id} className="flex cursor-pointer items-center gap-2">
            <input
              type="checkbox"
              className="size-4 shrink-0 accent-accent"
              checked={chosen.includes(id)}
              onChange={() => toggle(id)}
            />
            <span className="min-w-0 truncate">{label}</span>
          </label>
        ))}
      </div>
      <p className="text-text-muted">
        {shown.length === 0 && `There is no such ${one}. `}
        {chosen.length === 0 ? `Choose at least one ${one}.` : `${chosen.length} chosen.`}
      </p>
    </div>
  )
}
