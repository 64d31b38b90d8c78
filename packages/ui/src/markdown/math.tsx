import { memo, useMemo } from 'react'
import { lazy, useLazy } from './lazy.ts'
import { Scrollable } from './scrollable.tsx'

/** The code that reads and sets formulas, loaded when one appears. */
export const mathEngine = lazy(() => import('./math-engine.ts'))

/** One formula. What is not valid TeX, or still incomplete, is shown as its source. */
export const Formula = memo(function Formula({ tex, display }: { tex: string; display: boolean }) {
  const engine = useLazy(mathEngine)
  const content = useMemo(() => engine?.renderMath(tex, display), [engine, tex, display])
  if (!content) return <code className={display ? 'math-source math-source-display' : 'math-source'}>{tex}</code>
  if (!display) return <span className="math-inline">{content}</span>
  return (
    <Scrollable label="Formula" className="math-display">
      {content}
    </Scrollable>
  )
})
