import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { IconButton } from './icon-button.tsx'

/** Copies `text` and says so, to the eye and to screen readers. */
export function CopyButton({
  text,
  label = 'Copy',
  size = 'small',
  className,
}: {
  text: string
  label?: string
  size?: 'small' | 'medium'
  className?: string
}) {
  const [outcome, setOutcome] = useState<'copied' | 'failed'>()
  useEffect(() => {
    if (!outcome) return
    const timer = setTimeout(() => setOutcome(undefined), 2000)
    return () => clearTimeout(timer)
  }, [outcome])
  return (
    <>
      <IconButton
        label={label}
        size={size}
        className={className}
        onClick={() => copyText(text).then((copied) => setOutcome(copied ? 'copied' : 'failed'))}
      >
        {outcome === 'copied' ? <Check className="text-success" /> : <Copy />}
      </IconButton>
      <span role="status" className="sr-only">
        {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Copying failed' : ''}
      </span>
    </>
  )
}

/** Puts text on the clipboard; false when the browser refuses. Works on plain http too, where there is no clipboard API. */
export async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
  }
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'sr-only'
  const focused = document.activeElement
  // Inside an open dialog the focus may not leave it, so the field goes beside what has the focus.
  const place = focused?.parentElement ?? document.body
  place.append(field)
  field.select()
  const copied = document.execCommand('copy')
  field.remove()
  if (focused instanceof HTMLElement) focused.focus()
  return copied
}
