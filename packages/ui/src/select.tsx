import { ChevronDown } from 'lucide-react'
import type { ComponentProps } from 'react'
import { classNames } from './class-names.ts'
import { controlClass, Field, type FieldProps } from './field.tsx'

export interface SelectOption {
  value: string
  label: string
  disabled?: boolean
  /** Options of one group stand together under its name. */
  group?: string
}

export type SelectProps = FieldProps &
  Omit<ComponentProps<'select'>, 'children' | 'id'> & { options: readonly SelectOption[] }

/** One of a few. The platform's own list: right on phones, and it needs no style that a strict CSP would refuse. */
export function Select({ label, labelHidden, hint, error, className, options, ...props }: SelectProps) {
  return (
    <Field label={label} labelHidden={labelHidden} hint={hint} error={error} className={className}>
      {(control) => (
        <span className="relative block">
          <select
            {...props}
            {...control}
            className={classNames(controlClass, 'h-10 cursor-pointer appearance-none ps-3 pe-9')}
          >
            {[...Map.groupBy(options, ({ group }) => group)].map(([group, members]) =>
              group === undefined ? (
                members.map(renderOption)
              ) : (
                <optgroup key={group} label={group}>
                  {members.map(renderOption)}
                </optgroup>
              ),
            )}
          </select>
          <ChevronDown
            aria-hidden="true"
            className="pointer-events-none absolute inset-y-0 end-3 my-auto size-4 text-text-muted"
          />
        </span>
      )}
    </Field>
  )
}

function renderOption({ value, label, disabled }: SelectOption) {
  return (
    <option key={value} value={value} disabled={disabled}>
      {label}
    </option>
  )
}
