import type { Scope } from '@parley/contract'
import { useState } from 'react'
import { presetOf, presets, scopeNames } from './key-scopes.ts'

/** What a key may do: one of a few presets, or each permission by itself. */
export function ScopePicker({
  possible,
  chosen,
  onChange,
}: {
  possible: Scope[]
  chosen: Scope[]
  onChange: (scopes: Scope[]) => void
}) {
  const [custom, setCustom] = useState(() => presetOf(chosen, possible) === 'custom')
  const current = custom ? 'custom' : presetOf(chosen, possible)
  const toggle = (scope: Scope) =>
    onChange(chosen.includes(scope) ? chosen.filter((one) => one !== scope) : [...chosen, scope])
  const choices = [
    ...presets,
    { id: 'custom', label: 'Custom', hint: 'Each permission by itself.', scopes: () => chosen },
  ]
  return (
    <fieldset>
      <legend className="mb-2 font-medium text-sm">What it may do</legend>
      <div className="grid gap-2 sm:grid-cols-2">
        {choices.map(({ id, label, hint, scopes }) => (
          <label
            key={id}
            className="flex cursor-pointer gap-3 rounded-md border border-border-strong/60 p-3 text-sm has-checked:border-accent has-checked:bg-accent-soft"
          >
            <input
              type="radio"
              name="preset"
              className="mt-0.5 shrink-0 self-start accent-accent"
              checked={current === id}
              onChange={() => {
                setCustom(id === 'custom')
                onChange(scopes(possible))
              }}
            />
            <span>
              <span className="block font-medium">{label}</span>
              <span className="text-text-muted">{hint}</span>
            </span>
          </label>
        ))}
      </div>
      {current === 'custom' && (
        <div className="mt-3 grid gap-2 sm:grid-cols-2">
          {possible.map((scope) => (
            <label key={scope} className="flex cursor-pointer items-center gap-2 text-sm">
              <input
                type="checkbox"
                className="size-4 accent-accent"
                checked={chosen.includes(scope)}
                onChange={() => toggle(scope)}
              />
              {scopeNames[scope]}
            </label>
          ))}
        </div>
      )}
    </fieldset>
  )
}
