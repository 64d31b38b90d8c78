import type { Message } from '@parley/contract'
import { IconButton } from '@parley/ui'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useMayWrite } from './may-write.ts'

/** Steps through the versions of a message. */
export function SiblingSwitcher({ message, onShow }: { message: Message; onShow: (messageId: string) => void }) {
  const { siblingIds, id } = message
  const mayWrite = useMayWrite()
  // Which version is shown is the conversation's, for all who see it.
  if (siblingIds.length < 2 || !mayWrite) return null
  const at = siblingIds.indexOf(id)
  const step = (by: number) => {
    const next = siblingIds[at + by]
    if (next) onShow(next)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a few buttons that belong together, not a form.
    <span role="group" aria-label="Versions" className="inline-flex items-center text-text-muted text-xs">
      <IconButton label="Previous version" size="small" disabled={at <= 0} onClick={() => step(-1)} tooltip={false}>
        <ChevronLeft className="rtl:rotate-180" />
      </IconButton>
      <span className="tabular-nums">
        {at + 1}/{siblingIds.length}
      </span>
      <IconButton
        label="Next version"
        size="small"
        disabled={at >= siblingIds.length - 1}
        onClick={() => step(1)}
        tooltip={false}
      >
        <ChevronRight className="rtl:rotate-180" />
      </IconButton>
    </span>
  )
}
