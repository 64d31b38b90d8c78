/** True when a text may hold a formula, and the mathematics code is worth loading. */
export function mayHoldMath(block: string): boolean {
  return /\$\$|\\\(|\\\[|\$[^\s$]/.test(block)
}

const codeOrMath = new RegExp(
  [
    /^(?<fence>[ \t>]*(?<ticks>`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:\n[ \t>]*\k<ticks>[`~]*[ \t]*$|$(?![\s\S])))/,
    /(?<code>(?<![`\\])(?<run>`+)(?!`)[\s\S]*?[^`]\k<run>(?!`))/,
    /^(?<indent>[ \t>]*)(?:\$\$(?<dollars>(?:(?!\$\$)[\s\S])+)\$\$|\\\[(?<brackets>(?:(?!\\\])[\s\S])+)\\\])[ \t]*$/,
    /\\\((?<parens>(?:(?!\\\)|\n[ \t]*\n)[\s\S])+)\\\)/,
    /\\\[(?<inBrackets>(?:(?!\\\]|\n[ \t]*\n)[\s\S])+)\\\]/,
    /(?<double>\$\$[^$]+\$\$)/,
    /(?<escaped>\\[\s\S])/,
    /(?<!\$)\$(?<single>(?![\s$])(?:\\.|[^$\n\\])*?(?<!\s))\$(?![\d$])/,
  ]
    .map((part) => part.source)
    .join('|'),
  'gm',
)

/**
 * Rewrites every way models write formulas (`\(x\)`, `\[x\]`, `$x$`, `$$x$$`) to the one remark-math is set to read: `$$x$$`
 * in a line, a `$$` fence for display. Code is left alone, and so are amounts of money: as in Pandoc, a single dollar opens
 * only before a non-space and closes only after one and not before a digit.
 */
export function normaliseMath(block: string): string {
  if (!mayHoldMath(block) || /^(?: {4}|\t)/.test(block)) return block
  return block.replace(codeOrMath, (whole: string, ...rest: unknown[]) => {
    const part = rest.at(-1) as Record<string, string | undefined>
    const display = part.dollars ?? part.brackets
    if (display !== undefined) {
      const indent = part.indent ?? ''
      return `${indent}$$\n${indent}${display.trim()}\n${indent}$$`
    }
    const inline = part.parens ?? part.inBrackets ?? part.single
    return inline === undefined ? whole : `$$${inline.trim()}$$`
  })
}
