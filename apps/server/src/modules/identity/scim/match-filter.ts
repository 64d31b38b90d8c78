import type { Compare, Filter } from 'scim2-parse-filter'
import { invalidFilter } from './parse-filter.ts'
import type { ComplexValue, Value } from './read-resource.ts'
import { type Attribute, findAttribute } from './schemas.ts'

/** Whether a value of a multi-valued attribute is one of those that `[…]` selects. */
export function matches(filter: Filter, attribute: Attribute, value: Value): boolean {
  switch (filter.op) {
    case 'and':
      return filter.filters.every((each) => matches(each, attribute, value))
    case 'or':
      return filter.filters.some((each) => matches(each, attribute, value))
    case 'not':
      return !matches(filter.filter, attribute, value)
    case '[]':
      throw invalidFilter('A value filter cannot be inside another.')
    default: {
      const sub = getSubAttribute(attribute, filter.attrPath)
      const actual = (value as ComplexValue)[sub.name]
      if (filter.op === 'pr') return actual !== undefined && actual !== ''
      return compare(filter.op, sub, actual, comparable(sub, filter))
    }
  }
}

/** The sub-attribute that a condition inside `[…]` is about. */
export function getSubAttribute(attribute: Attribute, name: string): Attribute {
  const sub = findAttribute(attribute.subAttributes, name)
  if (sub === undefined) throw invalidFilter(`“${attribute.name}” has no “${name}”.`)
  return sub
}

/** The value that a condition compares with, in the attribute's own type; null for "none". */
export function comparable(attribute: Attribute, { op, compValue }: Compare): string | boolean | Date | null {
  const { name, type } = attribute
  if (compValue === null) {
    if (op === 'eq' || op === 'ne') return null
    throw invalidFilter(`“${name}” cannot be compared with null that way.`)
  }
  if (type === 'boolean') {
    if (op !== 'eq' && op !== 'ne') throw invalidFilter(`“${name}” is true or false: use eq or ne.`)
    const text = String(compValue).toLowerCase()
    if (text !== 'true' && text !== 'false') throw invalidFilter(`“${name}” is true or false.`)
    return text === 'true'
  }
  if (type === 'dateTime') {
    const time = new Date(String(compValue))
    const year = time.getUTCFullYear()
    if (!/^\d{4}-\d\d-\d\d/.test(String(compValue)) || !(year >= 1 && year <= 9999)) {
      throw invalidFilter(`“${name}” is a time, like 2026-11-25T08:00:00Z.`)
    }
    if (op === 'co' || op === 'sw' || op === 'ew') throw invalidFilter(`“${name}” is a time: use eq, gt, ge, lt or le.`)
    return time
  }
  if (type === 'binary' && op !== 'eq' && op !== 'ne') throw invalidFilter(`“${name}” is binary: use eq or ne.`)
  return String(compValue)
}

function compare(
  op: Compare['op'],
  { caseExact }: Attribute,
  actual: Value | undefined,
  expected: string | boolean | Date | null,
): boolean {
  if (op === 'ne') return !equal(actual, expected, caseExact)
  if (op === 'eq') return equal(actual, expected, caseExact)
  if (typeof actual !== 'string' || typeof expected !== 'string') return false
  const [a, b] = caseExact ? [actual, expected] : [actual.toLowerCase(), expected.toLowerCase()]
  switch (op) {
    case 'co':
      return a.includes(b)
    case 'sw':
      return a.startsWith(b)
    case 'ew':
      return a.endsWith(b)
    case 'gt':
      return a > b
    case 'ge':
      return a >= b
    case 'lt':
      return a < b
    case 'le':
      return a <= b
  }
}

function equal(actual: Value | undefined, expected: string | boolean | Date | null, caseExact: boolean): boolean {
  if (expected === null) return actual === undefined
  if (typeof actual === 'string' && typeof expected === 'string' && !caseExact) {
    return actual.toLowerCase() === expected.toLowerCase()
  }
  return actual === expected
}
