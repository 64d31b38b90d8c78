import { type Filter, parse } from 'scim2-parse-filter'
import { ScimError } from './scim-error.ts'

export type { Filter } from 'scim2-parse-filter'

const longest = 2_000
const mostConditions = 40

/**
 * Reads a filter (RFC 7644, section 3.4.2.2).
 * @throws ScimError invalidFilter
 */
export function parseFilter(text: string): Filter {
  if (text.length > longest) throw invalidFilter(`A filter may have ${longest} characters.`)
  // Among others: line breaks in a string that does not end make the parser's pattern try every way to read them.
  if (/\p{Cc}/u.test(text)) throw invalidFilter('A filter must not contain line breaks or other control characters.')
  if (!text.isWellFormed()) throw invalidFilter('The filter contains half of a surrogate pair.')
  let filter: Filter
  try {
    filter = parse(text)
  } catch {
    throw invalidFilter('The filter cannot be read. An example: userName eq "ada@example.com" and active eq true')
  }
  if (countConditions(filter) > mostConditions) throw invalidFilter(`A filter may have ${mostConditions} conditions.`)
  return filter
}

export function invalidFilter(detail: string): ScimError {
  return new ScimError(400, 'invalidFilter', detail)
}

function countConditions(filter: Filter): number {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter.filters.reduce((sum, each) => sum + countConditions(each), 0)
    case 'not':
      return countConditions(filter.filter)
    case '[]':
      return countConditions(filter.valFilter)
    default:
      return 1
  }
}
