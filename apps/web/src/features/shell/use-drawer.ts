import { useCallback, useState } from 'react'

/** The sidebar as a drawer over the page: a native modal dialog, which keeps the focus and gives it back. */
export function useDrawer() {
  const [open, setOpen] = useState(false)
  const ref = useCallback((dialog: HTMLDialogElement | null) => dialog?.showModal(), [])
  const show = useCallback(() => setOpen(true), [])
  const close = useCallback(() => setOpen(false), [])
  return { open, ref, show, close }
}
