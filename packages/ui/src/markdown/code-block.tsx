import { WrapText } from 'lucide-react'
import { memo, useState } from 'react'
import { CopyButton } from '../copy-button.tsx'
import { IconButton } from '../icon-button.tsx'
import { useHighlighted } from './highlight.ts'
import { Scrollable } from './scrollable.tsx'

/** Code with its language, a button to copy it, and a choice between scrolling and wrapping long lines. */
export const CodeBlock = memo(function CodeBlock({
  code,
  language = '',
  growing = false,
}: {
  code: string
  language?: string
  growing?: boolean
}) {
  const [wraps, setWraps] = useState(false)
  const content = useHighlighted(code, language, growing)
  const name = language || 'text'
  return (
    <div className="code-block" dir="ltr">
      <div className="code-block-header">
        <span className="code-block-language">{name}</span>
        <IconButton label="Wrap long lines" size="small" aria-pressed={wraps} onClick={() => setWraps(!wraps)}>
          <WrapText />
        </IconButton>
        <CopyButton text={code} label="Copy code" />
      </div>
      <Scrollable label={`Code, ${name}`} className="code-block-body">
        <pre data-wraps={wraps || undefined}>
          <code>{content}</code>
        </pre>
      </Scrollable>
    </div>
  )
})
