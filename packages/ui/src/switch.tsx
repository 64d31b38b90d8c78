import { Switch as Radix } from 'radix-ui'
import { type ReactNode, useId } from 'react'

export interface SwitchProps {
  label: string
  hint?: ReactNode
  checked: boolean
  onCheckedChange: (checked: boolean) => void
  disabled?: boolean
}

/** On or off, at once. */
export function Switch({ label, hint, checked, onCheckedChange, disabled }: SwitchProps) {
  const id = useId()
  return (
    <div className="flex items-start justify-between gap-6">
      <div className="flex flex-col gap-0.5">
        <label htmlFor={id} className="font-medium text-sm text-text">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-sm text-text-muted">
            {hint}
          </p>
        )}
      </div>
      <Radix.Root
        id={id}
        checked={checked}
        onCheckedChange={onCheckedChange}
        disabled={disabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="h-6 w-11 shrink-0 cursor-pointer rounded-full bg-border-strong p-0.5 transition-colors duration-150 disabled:cursor-not-allowed disabled:opacity-50 data-[state=checked]:bg-accent"
      >
        <Radix.Thumb className="block size-5 rounded-full bg-raised shadow-raised transition-transform duration-150 data-[state=checked]:translate-x-5 motion-reduce:transition-none rtl:data-[state=checked]:-translate-x-5" />
      </Radix.Root>
    </div>
  )
}
