import 'katex/dist/katex.min.css'
import katex from 'katex'
import type { ReactNode } from 'react'
import remarkMath from 'remark-math'
import { markupToReact } from './markup.ts'

/** Reads formulas; single dollars are left to `normaliseMath`. */
export const mathPlugins: [typeof remarkMath, { singleDollarTextMath: boolean }][] = [
  [remarkMath, { singleDollarTextMath: false }],
]

/** A formula as React elements (HTML for the eye, MathML for screen readers), or nothing when it is not valid TeX. */
export function renderMath(tex: string, displayMode: boolean): ReactNode[] | undefined {
  try {
    return markupToReact(
      katex.renderToString(tex, {
        displayMode,
        output: 'htmlAndMathml',
        trust: false,
        strict: 'ignore',
        throwOnError: true,
        errorColor: 'currentcolor',
        maxSize: 40,
        maxExpand: 500,
      }),
    )
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
