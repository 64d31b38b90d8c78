import { CircleAlert, CircleCheck, Info, X } from 'lucide-react'
import { createContext, type ReactNode, use, useCallback, useEffect, useRef, useState } from 'react'
import { classNames } from './class-names.ts'
import { IconButton } from './icon-button.tsx'

export interface Toast {
  message: string
  tone?: 'info' | 'success' | 'danger'
  action?: { label: string; onSelect: () => void }
}

interface ShownToast extends Toast {
  id: number
}

const ToastContext = createContext<((toast: Toast) => void) | undefined>(undefined)

/** Shows a short message at the foot of the page; needs a ToastProvider above. */
export function useToast(): (toast: Toast) => void {
  const show = use(ToastContext)
  if (!show) throw new Error('useToast needs a ToastProvider above it.')
  return show
}

/** Holds the live regions, which have to be on the page before the first message. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<ShownToast[]>([])
  const nextId = useRef(0)
  const show = useCallback((toast: Toast) => {
    nextId.current += 1
    const shown = { ...toast, id: nextId.current }
    setToasts((current) => [...current.slice(-2), shown])
  }, [])
  const dismiss = useCallback((id: number) => setToasts((current) => current.filter((toast) => toast.id !== id)), [])
  const items = (urgent: boolean) =>
    toasts
      .filter((toast) => (toast.tone === 'danger') === urgent)
      .map((toast) => <ToastItem key={toast.id} toast={toast} onDismiss={dismiss} />)
  return (
    <ToastContext value={show}>
      {children}
      <div
        // A press on a toast is none beside a dialog that is open, which would close that.
        onPointerDown={(event) => event.stopPropagation()}
        className="pointer-events-none fixed inset-x-0 bottom-0 z-50 flex flex-col items-center gap-2 p-4"
      >
        {/* What `aria-live` names, a dialog that is open leaves to screen readers; it hides all else beside it. */}
        <div role="status" aria-live="polite" className="flex flex-col items-center gap-2">
          {items(false)}
        </div>
        <div role="alert" aria-live="assertive" className="flex flex-col items-center gap-2">
          {items(true)}
        </div>
      </div>
    </ToastContext>
  )
}

const shownMs = 6000
const icons = { info: Info, success: CircleCheck, danger: CircleAlert }
const iconClasses = { info: 'text-accent', success: 'text-success', danger: 'text-danger' }

function ToastItem({ toast, onDismiss }: { toast: ShownToast; onDismiss: (id: number) => void }) {
  const [held, setHeld] = useState(false)
  const { id, tone = 'info', message, action } = toast
  useEffect(() => {
    // What can be acted on, and what went wrong, stays until it is dismissed.
    if (held || action || tone === 'danger') return
    const timer = setTimeout(() => onDismiss(id), shownMs)
    return () => clearTimeout(timer)
  }, [held, action, tone, id, onDismiss])
  const Icon = icons[tone]
  return (
    <div
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      className="pointer-events-auto flex max-w-md items-center gap-3 rounded-md border border-border bg-raised py-2 ps-4 pe-2 text-sm text-text shadow-overlay"
    >
      <Icon aria-hidden="true" className={classNames('size-4.5 shrink-0', iconClasses[tone])} />
      <span className="flex-1 py-1">{message}</span>
      {action && (
        <button
          type="button"
          className="cursor-pointer rounded-sm px-2 py-1 font-semibold text-accent hover:bg-accent-soft"
          onClick={() => {
            action.onSelect()
            onDismiss(id)
          }}
        >
          {action.label}
        </button>
      )}
      <IconButton label="Dismiss" size="small" onClick={() => onDismiss(id)}>
        <X />
      </IconButton>
    </div>
  )
}
