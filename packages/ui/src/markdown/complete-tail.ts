/** The language of the code block that stands in for a formula which is not closed yet. */
export const pendingMath = 'parley-pending-math'

/**
 * The last block of a text that is still arriving, completed so that it shows what it is about to become: open emphasis,
 * code and tables are closed, half-typed links show their words, and a marker alone on the last line waits for what
 * follows it. Without this, text flashes as asterisks, headings or pipes before it finds its form.
 */
export function completeTail(block: string): string {
  const openFence = findOpenFence(block)
  if (openFence) return dropLastLine(block, new RegExp(`^[ \\t>]*\\${openFence[0]}{1,${openFence.length}}$`))
  const formula = /^ {0,3}(?:\$\$|\\\[)[ \t]*\n?((?:(?!\$\$|\\\])[\s\S])*?)[ \t\n]*\$?\\?$/.exec(block)
  if (formula) return `~~~${pendingMath}\n${formula[1]}\n~~~`
  if (/^ {0,3}(?:\$\$|\\\[)/.test(block)) return block
  // `---` or `===` under a paragraph may be a list or a table on its way, `#` a heading, `|` a row, `2.` the next item.
  const settled = dropLastLine(block, /^[ \t>]*[-*+=#>`~_|$!:[ \t]+$/, /^[ \t>]*(?:[-*+=#>`~_|$!:[ \t]+|\d{1,3}[.)]?)$/)
  return closeInline(completeTable(settled))
}

function findOpenFence(block: string): string | undefined {
  let open: string | undefined
  for (const line of block.split('\n')) {
    const fence = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})(.*)$/.exec(line)
    if (!fence?.[1]) continue
    if (!open) open = fence[1].startsWith('`') && fence[2]?.includes('`') ? undefined : fence[1]
    else if (fence[1].startsWith(open) && !fence[2]?.trim()) open = undefined
  }
  return open
}

function dropLastLine(block: string, pattern: RegExp, patternUnderText = pattern): string {
  const start = block.lastIndexOf('\n') + 1
  // A finished rule is a rule; only what hangs under other text is in doubt.
  if (start === 0 && /^ {0,3}([-*_])\1\1+$/.test(block)) return block
  return (start === 0 ? pattern : patternUnderText).test(block.slice(start)) ? block.slice(0, start) : block
}

/** A header row makes a table as soon as it is there, without waiting for the line of dashes. */
function completeTable(block: string): string {
  const lines = block.trimEnd().split('\n')
  const header = lines.findIndex((line) => /^ {0,3}\|[^|]/.test(line))
  if (header < 0 || lines.length > header + 2) return block
  const dashes = lines[header + 1]
  if (dashes !== undefined && !/^[ \t]*\|?[-:| \t]*$/.test(dashes)) return block
  const row = lines[header] ?? ''
  const columns = row
    .replace(/\\\|/g, '')
    .split('|')
    .slice(1)
    .filter((cell, i, all) => cell.trim() || i < all.length - 1)
  const above = lines.slice(0, header)
  return [
    ...above,
    row.trimEnd().endsWith('|') ? row : `${closeInline(row)} |`,
    `|${' --- |'.repeat(columns.length)}`,
  ].join('\n')
}

/** Closes what is open in the last run of inline text: a paragraph, a list item, a table cell. */
function closeInline(block: string): string {
  const start = lastInlineStart(block)
  let text = block.slice(start)
  const open: string[] = []
  let label = -1
  for (let i = 0; i < text.length; ) {
    const char = text[i] ?? ''
    if (char === '\\') i += 2
    else if (char === '`') {
      const run = /^`+/.exec(text.slice(i))?.[0] ?? ''
      const end = text.slice(i + run.length).search(new RegExp(`(?<!\`)${run}(?!\`)`))
      if (end < 0) {
        const code = text.slice(i + run.length)
        const kept = code.replace(/`+$/, '')
        text = kept.trim() ? `${text.slice(0, i)}${run}${kept}${run}` : text.slice(0, i)
        return block.slice(0, start) + closeEmphasis(text, open)
      }
      i += run.length * 2 + end
    } else if (char === '[') {
      label = i++
    } else if (char === ']' && label >= 0) {
      const target = /^\](?:$|\(([^()\n]*(?:\([^()\n]*\)[^()\n]*)*)(\)?))/.exec(text.slice(i))
      if (target && !target[2] && i + target[0].length === text.length) {
        // The address is still being typed, or may follow.
        text = showLabel(text, label, i)
        label = -1
        break
      }
      i += target?.[2] ? target[0].length : 1
      label = -1
    } else if (char === '*' || char === '_' || char === '~') {
      const run = /^(\*+|_+|~+)/.exec(text.slice(i))?.[0] ?? ''
      trackEmphasis(open, run, text[i - 1] ?? ' ', text[i + run.length] ?? '')
      i += run.length
    } else i++
  }
  if (label >= 0 && !text.slice(label).includes(']')) text = showLabel(text, label, text.length)
  return block.slice(0, start) + closeEmphasis(text, open)
}

/** Of a half-typed link its words; of an image or a footnote nothing yet; a task's box as it is. */
function showLabel(text: string, label: number, end: number): string {
  const words = text.slice(label + 1, end)
  if (/^[ x]?$/i.test(words)) return text
  if (words.startsWith('^')) return text.slice(0, label)
  return text[label - 1] === '!' ? text.slice(0, label - 1) : text.slice(0, label) + words
}

function lastInlineStart(block: string): number {
  const breaks =
    /\n[ \t]*\n|(?:^|\n)[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?|(?:^|\n)#{1,6}[ \t]+|(?:^|\n)[ \t]*\|/g
  let start = 0
  for (const match of block.matchAll(breaks)) start = match.index + match[0].length
  // In a row of a table every cell stands alone.
  return /(?:^|\n)[ \t]*\|[^\n]*$/.test(block) ? Math.max(start, block.lastIndexOf('|') + 1) : start
}

function trackEmphasis(open: string[], run: string, before: string, after: string): void {
  if (run.startsWith('~') && run.length > 2) return
  const insideWord = run.startsWith('_') && /\w/.test(before) && /\w/.test(after)
  if (insideWord) return
  const marks = run.length > 2 ? [run.slice(0, 2), run.slice(2)] : [run]
  for (const mark of marks) {
    if (open.includes(mark) && /\S/.test(before)) open.splice(open.lastIndexOf(mark), 1)
    else if (/\S/.test(after)) open.push(mark)
  }
}

function closeEmphasis(text: string, open: string[]): string {
  let result = text
  if (open.length > 0) {
    // Half of a closing mark, or an opening mark with nothing behind it yet.
    result = result.replace(/[*_~]+$/, '')
    return result.trimEnd() + open.toReversed().join('')
  }
  result = result.replace(/(^|\s)(?:\*{1,3}|_{1,3}|~{1,2})$/, '$1')
  return result
}
