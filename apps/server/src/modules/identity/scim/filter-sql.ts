import { type RawBuilder, sql } from 'kysely'
import type { Compare, Filter } from 'scim2-parse-filter'
import { type AttributePath, findPath } from './attribute-path.ts'
import { comparable, getSubAttribute } from './match-filter.ts'
import { invalidFilter } from './parse-filter.ts'
import { type Attribute, findAttribute, type ResourceSchema } from './schemas.ts'

/** Where the attributes of a kind of resource are found in a query. Names come from the schema, never from the caller. */
export interface FilterSource {
  schema: ResourceSchema
  /** Attributes with a column of their own: `userName`, `meta.created`. */
  columns: Record<string, RawBuilder<unknown>>
  /** The rest: JSON with the schema's names. Undefined where every attribute has a column. */
  attributes: RawBuilder<unknown> | undefined
  /** Values in a table of their own: whether there is one for which `condition` holds, given the id in it. */
  related: Record<string, (condition: (id: RawBuilder<unknown>) => RawBuilder<boolean>) => RawBuilder<boolean>>
}

/**
 * A filter as a condition of SQL, in which all that the caller wrote is a bound parameter.
 * @throws ScimError invalidFilter
 */
export function filterToSql(source: FilterSource, filter: Filter): RawBuilder<boolean> {
  switch (filter.op) {
    case 'and':
    case 'or': {
      const parts = filter.filters.map((each) => filterToSql(source, each))
      return sql<boolean>`(${sql.join(parts, filter.op === 'and' ? sql` and ` : sql` or `)})`
    }
    case 'not':
      return sql<boolean>`(not ${filterToSql(source, filter.filter)})`
    case '[]': {
      const { attribute } = getPath(source, filter.attrPath)
      if (!attribute.multiValued)
        throw invalidFilter(`“${attribute.name}” has one value: use ${attribute.name}.… there.`)
      return someValue(source, attribute, (value) => valueCondition(attribute, filter.valFilter, value))
    }
    default:
      return conditionOn(source, filter)
  }
}

/** What to sort by: the attribute, of a multi-valued one its primary or first value; undefined for what has no order. */
export function sortExpression(source: FilterSource, text: string): RawBuilder<unknown> | undefined {
  const path = findPath(source.schema, text)
  if (path?.attribute === undefined || path.filter) return undefined
  const { attribute } = path
  const sub = path.sub ?? findAttribute(attribute.subAttributes, 'value')
  const leaf = sub ?? attribute
  if (leaf.type === 'complex' || source.related[attribute.name]) return undefined
  const fold = (expression: RawBuilder<unknown>) =>
    leaf.type === 'string' && !leaf.caseExact ? sql`lower(${expression}) collate "C"` : expression
  const column = columnOf(source, path)
  if (column) return fold(column)
  if (source.attributes === undefined || sub === undefined || !attribute.multiValued) {
    return fold(textAt(source, [...place(path), ...(path.sub === undefined && sub ? [sub.name] : [])]))
  }
  return fold(sql`(select v ->> ${sub.name} from jsonb_array_elements(${valuesOf(source, attribute)}) with ordinality as e(v, n)
    order by coalesce(v ->> 'primary', 'false') = 'true' desc, n limit 1)`)
}

function conditionOn(source: FilterSource, filter: Exclude<Filter, { op: 'and' | 'or' | 'not' | '[]' }>) {
  const path = getPath(source, filter.attrPath)
  const { attribute } = path
  const sub = path.sub ?? (attribute.type === 'complex' ? findAttribute(attribute.subAttributes, 'value') : undefined)
  if (attribute.multiValued) {
    if (filter.op === 'pr' && path.sub === undefined) return someValue(source, attribute, () => sql<boolean>`true`)
    if (sub === undefined) throw invalidFilter(`Say which part of “${attribute.name}” is meant.`)
    return someValue(source, attribute, (value) => compare(filter, sub, value(sub)))
  }
  if (attribute.type === 'complex' && path.sub === undefined && filter.op === 'pr') {
    if (source.attributes === undefined) return sql<boolean>`true`
    return sql<boolean>`(${source.attributes} #> ${place(path)}::text[] is not null)`
  }
  if (attribute.type === 'complex' && sub === undefined) {
    throw invalidFilter(`Say which part of “${attribute.name}” is meant.`)
  }
  const column = columnOf(source, path)
  if (column) return compare(filter, sub ?? attribute, column)
  return compare(
    filter,
    sub ?? attribute,
    textAt(source, [...place(path), ...(path.sub === undefined && sub ? [sub.name] : [])]),
  )
}

/** Whether a value of a multi-valued attribute meets the filter inside `[…]`. */
function valueCondition(
  attribute: Attribute,
  filter: Filter,
  value: (sub: Attribute) => RawBuilder<unknown>,
): RawBuilder<boolean> {
  switch (filter.op) {
    case 'and':
    case 'or': {
      const parts = filter.filters.map((each) => valueCondition(attribute, each, value))
      return sql<boolean>`(${sql.join(parts, filter.op === 'and' ? sql` and ` : sql` or `)})`
    }
    case 'not':
      return sql<boolean>`(not ${valueCondition(attribute, filter.filter, value)})`
    case '[]':
      throw invalidFilter('A value filter cannot be inside another.')
    default: {
      const sub = getSubAttribute(attribute, filter.attrPath)
      return compare(filter, sub, value(sub))
    }
  }
}

function someValue(
  source: FilterSource,
  attribute: Attribute,
  condition: (value: (sub: Attribute) => RawBuilder<unknown>) => RawBuilder<boolean>,
): RawBuilder<boolean> {
  const related = source.related[attribute.name]
  if (related) {
    return related((id) =>
      condition((sub) => {
        if (sub.name !== 'value') throw invalidFilter(`“${attribute.name}” can be searched by “value” alone.`)
        return id
      }),
    )
  }
  const holds = condition((sub) => sql`e.v ->> ${sub.name}::text`)
  return sql<boolean>`exists (select from jsonb_array_elements(${valuesOf(source, attribute)}) as e(v) where ${holds})`
}

/** Never null, so that `not` turns it around. */
function compare(
  filter: Compare | { op: 'pr' },
  attribute: Attribute,
  expression: RawBuilder<unknown>,
): RawBuilder<boolean> {
  if (filter.op === 'pr') return sql<boolean>`(coalesce(${expression}::text, '') <> '')`
  const value = comparable(attribute, filter)
  const { op } = filter
  if (value === null)
    return op === 'eq' ? sql<boolean>`(${expression} is null)` : sql<boolean>`(${expression} is not null)`
  if (typeof value === 'boolean') {
    const same = sql<boolean>`(${expression}::text is not distinct from ${String(value)}::text)`
    return op === 'eq' ? same : sql<boolean>`(not ${same})`
  }
  if (value instanceof Date) return ordered(op, expression, sql`${value}::timestamptz`)
  const exact = attribute.caseExact || attribute.type === 'binary'
  const left = exact ? sql`${expression}::text` : sql`lower(${expression})`
  const right = exact ? sql`${value}::text` : sql`lower(${value}::text)`
  switch (op) {
    case 'co':
      return sql<boolean>`coalesce(position(${right} in ${left}) > 0, false)`
    case 'sw':
      return sql<boolean>`coalesce(starts_with(${left}, ${right}), false)`
    case 'ew':
      return sql<boolean>`coalesce(right(${left}, length(${right})) = ${right}, false)`
    default:
      return ordered(op, sql`${left} collate "C"`, right)
  }
}

const comparisons = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const

function ordered(op: Compare['op'], left: RawBuilder<unknown>, right: RawBuilder<unknown>): RawBuilder<boolean> {
  if (op === 'ne') return sql<boolean>`(${left} is distinct from ${right})`
  const comparison = comparisons[op as keyof typeof comparisons]
  return sql<boolean>`coalesce(${left} ${sql.raw(comparison)} ${right}, false)`
}

function getPath(source: FilterSource, text: string): AttributePath & { attribute: Attribute } {
  const path = findPath(source.schema, text)
  if (path?.attribute === undefined) throw invalidFilter(`There is no attribute “${text.slice(0, 200)}” to search by.`)
  return path as AttributePath & { attribute: Attribute }
}

function columnOf({ columns }: FilterSource, { extension, attribute, sub }: AttributePath) {
  if (extension || attribute === undefined) return undefined
  return columns[sub ? `${attribute.name}.${sub.name}` : attribute.name]
}

function place({ extension, attribute, sub }: AttributePath): string[] {
  return [extension?.id, attribute?.name, sub?.name].filter((name) => name !== undefined)
}

function textAt({ attributes }: FilterSource, path: string[]): RawBuilder<unknown> {
  if (attributes === undefined) throw invalidFilter(`“${path.join('.')}” cannot be searched by.`)
  return sql`(${attributes} #>> ${path}::text[])`
}

function valuesOf({ attributes }: FilterSource, { name }: Attribute): RawBuilder<unknown> {
  if (attributes === undefined) throw invalidFilter(`“${name}” cannot be searched by.`)
  return sql`coalesce(${attributes} -> ${name}::text, '[]'::jsonb)`
}
