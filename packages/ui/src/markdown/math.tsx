import { memo, useMemo } from 'react'
import { lazy, useLazy } from './lazy.ts'

/** The code that reads and sets formulas, loaded when one appears. */
export const mathEngine = lazy(() => import('./math-engine.ts'))

/** One formula. What is not valid TeX, or still incomplete, is shown as its source. */
export const Formula = memo(function Formula({ tex, display }: { tex: string; display: boolean }) {
  const engine = useLazy(mathEngine)
  const content = useMemo(() => engine?.renderMath(tex, display), [engine, tex, display])
  if (!content) return <code className={display ? 'math-source math-source-display' : 'math-source'}>{tex}</code>
  return <span className={display ? 'math-display' : 'math-inline'}>{content}</span>
})
