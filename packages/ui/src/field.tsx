import { type ReactNode, useId } from 'react'
import { classNames } from './class-names.ts'

export interface FieldProps {
  label: string
  /** Read by screen readers only, where the place makes the label clear to the eye. */
  labelHidden?: boolean
  hint?: ReactNode
  error?: string
}

/** What a labelled input hands to its control. */
export interface FieldControlProps {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

export const controlClass =
  'w-full rounded-md border border-border-strong bg-raised text-text transition-colors duration-150 ' +
  'placeholder:text-text-faint hover:border-text-muted aria-invalid:border-danger disabled:cursor-not-allowed disabled:opacity-60'

/** Label, hint and error around one control, tied to it for assistive technology. */
export function Field({
  label,
  labelHidden = false,
  hint,
  error,
  className,
  children,
}: FieldProps & { className?: string; children: (control: FieldControlProps) => ReactNode }) {
  const id = useId()
  const hintId = hint ? `${id}-hint` : undefined
  const errorId = error ? `${id}-error` : undefined
  return (
    <div className={classNames('flex flex-col gap-1.5', className)}>
      <label htmlFor={id} className={labelHidden ? 'sr-only' : 'font-medium text-sm text-text'}>
        {label}
      </label>
      {children({
        id,
        'aria-describedby': classNames(hintId, errorId) || undefined,
        'aria-invalid': error ? true : undefined,
      })}
      {hint && (
        <p id={hintId} className="text-sm text-text-muted">
          {hint}
        </p>
      )}
      {error && (
        <p id={errorId} role="alert" className="font-medium text-danger text-sm">
          {error}
        </p>
      )}
    </div>
  )
}
