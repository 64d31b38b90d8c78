const longestPattern = 500
const longestText = 2_000

/** Repetition of what repeats or branches itself: where backtracking can take exponential time. */
const nested = /[*+}]\??\)+[*+{]|\|[^()]*\)+[*+{]|\\[1-9]/

/**
 * Regular expressions of foreign schemas, without the means to stall the process: one that could backtrack for ages, or
 * cannot be read, matches everything, and so does a long text. The server checks for itself anyway.
 */
export function cautiousRegExp(pattern: string, flags: string): Pick<RegExp, 'test'> {
  const expression = safe(pattern, flags)
  const test = (text: string) => expression === undefined || text.length > longestText || expression.test(text)
  // Ajv tells them apart by what they are as text.
  return Object.assign(Object.create({ toString: () => `/${pattern}/${flags}` }), { test })
}
cautiousRegExp.code = 'cautiousRegExp'

function safe(pattern: string, flags: string): RegExp | undefined {
  if (pattern.length > longestPattern || nested.test(pattern)) return undefined
  try {
    return new RegExp(pattern, flags)
  } catch {
    return undefined
  }
}
