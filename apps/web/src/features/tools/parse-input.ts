/** A command line in its words; quotes hold spaces together, a backslash takes the next character as it is. */
export function splitCommand(line: string): string[] {
  const words: string[] = []
  for (const [word] of line.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g)) {
    words.push(
      word.replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, escaped, double, single) => {
        if (escaped !== undefined) return escaped
        return double !== undefined ? double.replace(/\\(["\\])/g, '$1') : single
      }),
    )
  }
  return words
}

/** Lines of `name<separator>value`; lines without a name are left out. */
export function parsePairs(text: string, separator: ':' | '='): Record<string, string> {
  const pairs: [string, string][] = []
  for (const line of text.split('\n')) {
    const at = line.indexOf(separator)
    if (at > 0) pairs.push([line.slice(0, at).trim(), line.slice(at + 1).trim()])
  }
  return Object.fromEntries(pairs)
}
