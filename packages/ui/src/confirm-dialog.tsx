import { AlertDialog as Radix } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { Button } from './button.tsx'

export interface ConfirmDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  /** What happens, and whether it can be undone. */
  description: ReactNode
  /** The verb on the button, such as "Delete conversation". */
  confirmLabel: string
  cancelLabel?: string
  danger?: boolean
  /** The dialog stays open, busy, until this is done; it closes when it succeeded. The caller shows errors. */
  onConfirm: () => void | Promise<void>
}

/** Asks before something that matters. The focus starts on Cancel. */
export function ConfirmDialog({
  open,
  onOpenChange,
  title,
  description,
  confirmLabel,
  cancelLabel = 'Cancel',
  danger = false,
  onConfirm,
}: ConfirmDialogProps) {
  const [busy, setBusy] = useState(false)
  const confirm = async () => {
    setBusy(true)
    try {
      await onConfirm()
      onOpenChange(false)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Radix.Root open={open} onOpenChange={(next) => !busy && onOpenChange(next)}>
      <Radix.Portal>
        <div data-dialog-layer className="fixed inset-0 z-40 grid place-items-center overflow-y-auto bg-scrim p-4">
          <Radix.Content
            aria-modal="true"
            className="flex w-full max-w-md flex-col gap-3 rounded-lg border border-border bg-raised p-6 text-text shadow-overlay"
          >
            <Radix.Title className="font-display text-xl">{title}</Radix.Title>
            <Radix.Description asChild>
              <div className="text-text-muted">{description}</div>
            </Radix.Description>
            <div className="mt-3 flex flex-wrap justify-end gap-2">
              <Radix.Cancel asChild>
                <Button disabled={busy}>{cancelLabel}</Button>
              </Radix.Cancel>
              <Button variant={danger ? 'danger' : 'primary'} loading={busy} onClick={() => void confirm()}>
                {confirmLabel}
              </Button>
            </div>
          </Radix.Content>
        </div>
      </Radix.Portal>
    </Radix.Root>
  )
}
