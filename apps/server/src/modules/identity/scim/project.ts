import { type AttributePath, findPath } from './attribute-path.ts'
import type { ResourceSchema } from './schemas.ts'
import { invalidValue } from './scim-error.ts'

/** Which attributes of a resource an answer holds (RFC 7644, section 3.9). */
export interface Projection {
  only: AttributePath[] | undefined
  without: AttributePath[]
}

type Given = Record<string, unknown>

/** `attributes` and `excludedAttributes`: names between commas, or a list of names. What is not known is left out. */
export function readProjection(schema: ResourceSchema, attributes: unknown, excluded: unknown): Projection {
  const only = readNames(attributes)
  const without = readNames(excluded)
  if (only && without) throw invalidValue('“attributes” and “excludedAttributes” exclude each other.')
  const find = (names: string[]) => names.flatMap((name) => findPath(schema, name) ?? [])
  return { only: only && find(only), without: find(without ?? []) }
}

export function project(resource: Given, { only, without }: Projection): Given {
  if (only) {
    const kept: Given = { schemas: resource.schemas, id: resource.id }
    for (const path of only) copy(resource, kept, path)
    return kept
  }
  if (without.length === 0) return resource
  const kept = structuredClone(resource)
  for (const path of without) remove(kept, path)
  return kept
}

function readNames(given: unknown): string[] | undefined {
  const names = (typeof given === 'string' ? given.split(',') : Array.isArray(given) ? given.map(String) : [])
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length > 100) throw invalidValue('That are too many attributes.')
  return names.length > 0 ? names : undefined
}

function copy(from: Given, to: Given, { extension, attribute, sub }: AttributePath): void {
  if (extension) {
    const source = from[extension.id] as Given | undefined
    if (source === undefined) return
    if (attribute === undefined) {
      to[extension.id] = source
      return
    }
    const target = (to[extension.id] ?? {}) as Given
    copy(source, target, { extension: undefined, attribute, filter: undefined, sub })
    if (Object.keys(target).length > 0) to[extension.id] = target
    return
  }
  const name = attribute?.name
  if (name === undefined || from[name] === undefined) return
  if (sub === undefined) to[name] = from[name]
  else to[name] = pick(from[name], to[name], sub.name)
}

/** The part of a value, beside the parts that were taken before. */
function pick(from: unknown, to: unknown, name: string): unknown {
  if (Array.isArray(from)) return from.map((item, i) => pick(item, Array.isArray(to) ? to[i] : undefined, name))
  const value = (from as Given)[name]
  return { ...(to as Given | undefined), ...(value === undefined ? {} : { [name]: value }) }
}

function remove(from: Given, { extension, attribute, sub }: AttributePath): void {
  const container = extension ? (from[extension.id] as Given | undefined) : from
  if (container === undefined) return
  if (extension && attribute === undefined) delete from[extension.id]
  if (attribute === undefined || attribute.returned === 'always') return
  const value = container[attribute.name]
  if (sub === undefined) delete container[attribute.name]
  else for (const each of Array.isArray(value) ? value : value ? [value] : []) delete (each as Given)[sub.name]
}
