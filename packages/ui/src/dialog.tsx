import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { IconButton } from './icon-button.tsx'

export interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  description?: ReactNode
  /** Buttons at the end. */
  actions?: ReactNode
  size?: 'small' | 'medium' | 'large'
  children?: ReactNode
}

const sizes = { small: 'max-w-md', medium: 'max-w-xl', large: 'max-w-3xl' }

/** A window over the page that holds the focus until it is closed (Escape, the cross, a press beside it). */
export function Dialog({ open, onOpenChange, title, description, actions, size = 'medium', children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        {/* Our own layer: Radix's locks scrolling by a <style> element, which a strict CSP refuses. theme.css locks it. */}
        <div data-dialog-layer className="fixed inset-0 z-40 grid place-items-center overflow-y-auto bg-scrim p-4">
          <Radix.Content
            aria-modal="true"
            aria-describedby={undefined}
            className={classNames(
              'relative flex max-h-[calc(100dvh-2rem)] w-full flex-col rounded-lg border border-border bg-raised text-text shadow-overlay',
              sizes[size],
            )}
          >
            <Radix.Title className="px-6 pt-5 pe-14 pb-1 font-display text-xl">{title}</Radix.Title>
            <div className="flex flex-col gap-4 overflow-y-auto px-6 pt-2 pb-6">
              {description && <div className="text-text-muted">{description}</div>}
              {children}
            </div>
            {actions && (
              <footer className="flex flex-wrap justify-end gap-2 border-border border-t bg-surface px-6 py-4 rounded-b-lg">
                {actions}
              </footer>
            )}
            {/* Last, so that the focus starts on what the dialog is about. */}
            <Radix.Close asChild>
              <IconButton label="Close" size="small" tooltip={false} className="absolute end-4 top-4">
                <X />
              </IconButton>
            </Radix.Close>
          </Radix.Content>
        </div>
      </Radix.Portal>
    </Radix.Root>
  )
}
