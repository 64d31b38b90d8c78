import { Button, Callout, Dialog, type DialogProps } from '@parley/ui'
import { type FormEvent, type ReactNode, useId } from 'react'

/**
 * A dialog with a form: what went wrong, the fields, Cancel, and the one button that does it. `onSubmit` is given the fields
 * that have a `name`.
 */
export function FormDialog({
  title,
  description,
  size,
  submitLabel,
  failure,
  busy,
  disabled = false,
  onSubmit,
  onClose,
  children,
}: Pick<DialogProps, 'title' | 'description' | 'size'> & {
  submitLabel: string
  /** Why it did not work, where no field says so. */
  failure: string | undefined
  busy: boolean
  disabled?: boolean
  onSubmit: (fields: FormData) => void
  onClose: () => void
  children: ReactNode
}) {
  const form = useId()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    onSubmit(new FormData(event.currentTarget))
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={title}
      description={description}
      {...(size && { size })}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" disabled={disabled} loading={busy}>
            {submitLabel}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-5">
        {failure && (
          <Callout tone="danger" live>
            {failure}
          </Callout>
        )}
        {children}
      </form>
    </Dialog>
  )
}
