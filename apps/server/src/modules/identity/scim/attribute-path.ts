import type { Filter } from 'scim2-parse-filter'
import { parseFilter } from './parse-filter.ts'
import { type Attribute, findAttribute, type ResourceSchema, type Schema, topAttributes } from './schemas.ts'
import { ScimError } from './scim-error.ts'

/** What a path of a filter, of a PATCH or of `attributes` leads to. */
export interface AttributePath {
  /** The extension it is in; undefined for the core. */
  extension: Schema | undefined
  /** Undefined when the path names the extension as a whole. */
  attribute: Attribute | undefined
  /** Which values of a multi-valued attribute: `emails[type eq "work"]`. */
  filter: Filter | undefined
  sub: Attribute | undefined
}

/** `attribute`, `attribute.sub`, `attribute[filter]`, `attribute[filter].sub`, each perhaps behind a schema's URN. */
const shape = /^([\w$-]+)(?:\[(.*)\])?(?:\.([\w$-]+))?$/s

/** The path as the schema spells it; undefined for what the schema does not know. */
export function findPath(resource: ResourceSchema, text: string): AttributePath | undefined {
  const { schema, rest } = splitUrn(resource, text.trim())
  const extension = schema === undefined || schema === resource.core ? undefined : schema
  if (rest === '') {
    return extension && { extension, attribute: undefined, filter: undefined, sub: undefined }
  }
  const [, name = '', filter, subName] = shape.exec(rest) ?? []
  const attribute = findAttribute(extension ? extension.attributes : topAttributes(resource), name)
  if (attribute === undefined) return undefined
  const sub = subName === undefined ? undefined : findAttribute(attribute.subAttributes, subName)
  if (subName !== undefined && sub === undefined) return undefined
  if (filter !== undefined && !(attribute.multiValued && attribute.subAttributes)) return undefined
  return { extension, attribute, filter: filter === undefined ? undefined : parseFilter(filter), sub }
}

/** The same for what has to lead somewhere. */
export function getPath(resource: ResourceSchema, text: string): AttributePath {
  const path = findPath(resource, text)
  if (path === undefined) {
    throw new ScimError(400, 'invalidPath', `There is no attribute “${text.slice(0, 200)}” here.`)
  }
  return path
}

function splitUrn(resource: ResourceSchema, text: string): { schema: Schema | undefined; rest: string } {
  for (const schema of [resource.core, ...resource.extensions]) {
    if (!text.toLowerCase().startsWith(schema.id.toLowerCase())) continue
    const rest = text.slice(schema.id.length)
    if (rest === '') return { schema, rest }
    if (rest.startsWith(':')) return { schema, rest: rest.slice(1) }
  }
  return { schema: undefined, rest: text }
}
