import { mostResults } from './discovery.ts'
import { type FilterSource, filterToSql, sortExpression } from './filter-sql.ts'
import { parseFilter } from './parse-filter.ts'
import { type Projection, project, readProjection } from './project.ts'
import { invalidValue } from './scim-error.ts'
import type { ListQuery } from './user-store.ts'

const listSchemaId = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
const usualCount = 100

export interface Search {
  list: ListQuery
  startIndex: number
  projection: Projection
}

/** What a query, or the body of a `.search`, asks for (RFC 7644, section 3.4.2). */
export function readSearch(source: FilterSource, given: Record<string, unknown>): Search {
  const startIndex = Math.max(1, readInteger('startIndex', given.startIndex) ?? 1)
  const count = Math.max(0, readInteger('count', given.count) ?? usualCount)
  const filter = readText('filter', given.filter)
  const sortBy = readText('sortBy', given.sortBy)
  const sortOrder = readText('sortOrder', given.sortOrder)?.toLowerCase() ?? 'ascending'
  if (sortOrder !== 'ascending' && sortOrder !== 'descending') {
    throw invalidValue('“sortOrder” has to be ascending or descending.')
  }
  const orderBy = sortBy === undefined ? undefined : sortExpression(source, sortBy)
  if (sortBy !== undefined && orderBy === undefined)
    throw invalidValue(`Nothing can be sorted by “${sortBy.slice(0, 100)}”.`)
  return {
    list: {
      condition: filter === undefined ? undefined : filterToSql(source, parseFilter(filter)),
      orderBy,
      descending: sortOrder === 'descending',
      offset: startIndex - 1,
      limit: Math.min(count, mostResults),
    },
    startIndex,
    projection: readProjection(source.schema, given.attributes, given.excludedAttributes),
  }
}

/** A page of resources; `total` is how many there are on all pages. */
export function listResponse(
  total: number,
  resources: Record<string, unknown>[],
  { startIndex = 1, projection }: { startIndex?: number; projection?: Projection } = {},
): Record<string, unknown> {
  return {
    schemas: [listSchemaId],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    Resources: projection ? resources.map((each) => project(each, projection)) : resources,
  }
}

function readText(name: string, given: unknown): string | undefined {
  if (given === undefined || given === null || given === '') return undefined
  if (typeof given !== 'string') throw invalidValue(`“${name}” has to be given once, as text.`)
  return given
}

function readInteger(name: string, given: unknown): number | undefined {
  if (given === undefined || given === null || given === '') return undefined
  const text = String(given).trim()
  if (Array.isArray(given) || !/^-?\d{1,9}$/.test(text)) throw invalidValue(`“${name}” has to be a whole number.`)
  return Number(text)
}
