import type { ComponentProps } from 'react'
import { classNames } from './class-names.ts'
import { controlClass, Field, type FieldProps } from './field.tsx'

type Common = FieldProps & { className?: string }
export type TextFieldProps = Common &
  (
    | ({ multiline?: false } & Omit<ComponentProps<'input'>, 'className' | 'id'>)
    | ({ multiline: true } & Omit<ComponentProps<'textarea'>, 'className' | 'id'>)
  )

/** A line of text, or with `multiline` several. */
export function TextField({ label, labelHidden, hint, error, className, ...props }: TextFieldProps) {
  return (
    <Field label={label} labelHidden={labelHidden} hint={hint} error={error} className={className}>
      {(control) => {
        if (props.multiline) {
          const { multiline: _, ...rest } = props
          return (
            <textarea
              rows={4}
              {...rest}
              {...control}
              className={classNames(controlClass, 'px-3 py-2.5 leading-normal')}
            />
          )
        }
        const { multiline: _, ...rest } = props
        return <input type="text" {...rest} {...control} className={classNames(controlClass, 'h-10 px-3')} />
      }}
    </Field>
  )
}
