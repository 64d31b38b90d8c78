import { type AuditAction, auditActions } from '@parley/contract'
import { redactFields } from '../telemetry/index.ts'

const longestText = 500
const mostItems = 100
const deepest = 4

/** Of what was before and after, the fields that the action keeps; where both are told, only those that differ. */
export function keptFields(
  action: AuditAction,
  before: object | undefined,
  after: object | undefined,
): { before: Record<string, unknown> | null; after: Record<string, unknown> | null } {
  const [was, is] = [pick(action, before), pick(action, after)]
  if (was !== null && is !== null) {
    for (const field of Object.keys(was)) {
      if (!(field in is) || JSON.stringify(was[field]) !== JSON.stringify(is[field])) continue
      delete was[field]
      delete is[field]
    }
  }
  return { before: was, after: is }
}

function pick(action: AuditAction, values: object | undefined): Record<string, unknown> | null {
  if (values === undefined) return null
  const fields: readonly string[] = auditActions[action].fields
  const given = values as Record<string, unknown>
  const kept = fields.flatMap((field) => (given[field] === undefined ? [] : [[field, tidy(given[field])] as const]))
  return redactFields(Object.fromEntries(kept)) as Record<string, unknown>
}

/** JSON of bounded size, which comes out of the database as it went in. */
function tidy(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return tidyText(value, longestText)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'boolean' || value === null) return value
  if (value instanceof Date) return value.toISOString()
  if (depth >= deepest || typeof value !== 'object') return null
  if (Array.isArray(value)) return value.slice(0, mostItems).map((item) => tidy(item, depth + 1))
  const entries = Object.entries(value).slice(0, mostItems)
  return Object.fromEntries(entries.map(([key, item]) => [tidyText(key, longestText), tidy(item, depth + 1)]))
}

/** A text that the database can hold, with no password in an address, no longer than `longest`. */
export function tidyText(text: string, longest: number): string {
  const clean = text
    .toWellFormed()
    .replaceAll('\0', '')
    .replace(/(:\/\/)[^\s/@]+@/g, '$1…@')
  return clean.length <= longest ? clean : `${clean.slice(0, longest - 1).toWellFormed()}…`
}
