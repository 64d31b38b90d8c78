import type { Filter } from 'scim2-parse-filter'
import { type AttributePath, findPath, getPath } from './attribute-path.ts'
import { matches } from './match-filter.ts'
import {
  type ComplexValue,
  getIgnoringCase,
  isObject,
  type Resource,
  readSingle,
  readValue,
  requireSchema,
  type Value,
} from './read-resource.ts'
import { type Attribute, findAttribute, type ResourceSchema } from './schemas.ts'
import { invalidValue, ScimError } from './scim-error.ts'

const patchSchemaId = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const mostOperations = 1_000

export interface Operation {
  op: 'add' | 'replace' | 'remove'
  path: string | undefined
  value: unknown
}

/**
 * The operations of a PATCH, whose names some send with a capital.
 * @throws ScimError invalidSyntax
 */
export function readPatch(body: unknown): Operation[] {
  if (!isObject(body)) throw invalidSyntax('The body has to be a JSON object.')
  requireSchema(body, patchSchemaId)
  const operations = getIgnoringCase(body, 'Operations')
  if (!Array.isArray(operations) || operations.length === 0) throw invalidSyntax('“Operations” has to be a list.')
  if (operations.length > mostOperations) throw invalidSyntax(`A PATCH may have ${mostOperations} operations.`)
  return operations.map((each) => {
    if (!isObject(each)) throw invalidSyntax('An operation has to be an object.')
    const op = String(getIgnoringCase(each, 'op')).toLowerCase()
    if (op !== 'add' && op !== 'replace' && op !== 'remove') {
      throw invalidSyntax('“op” has to be add, replace or remove.')
    }
    const path = getIgnoringCase(each, 'path') ?? undefined
    if (path !== undefined && typeof path !== 'string') throw invalidSyntax('“path” has to be text.')
    return { op, path: path === '' ? undefined : path, value: getIgnoringCase(each, 'value') }
  })
}

/**
 * The resource after the operations, one after the other (RFC 7644, section 3.5.2); the given one stays as it is.
 * @throws ScimError
 */
export function applyPatch(schema: ResourceSchema, before: Resource, operations: readonly Operation[]): Resource {
  const resource = structuredClone(before)
  for (const { op, path, value } of operations) {
    if (path !== undefined) {
      const target = getPath(schema, path)
      requireMutable(target)
      apply(resource, op, target, value)
    } else if (op === 'remove') {
      throw new ScimError(400, 'noTarget', 'A remove needs a path.')
    } else {
      applyWhole(schema, resource, op, value)
    }
  }
  return resource
}

/** Without a path the value is a part of a resource. Entra ID has names with dots and filters in it, too. */
function applyWhole(schema: ResourceSchema, resource: Resource, op: 'add' | 'replace', value: unknown): void {
  if (!isObject(value)) throw invalidValue('Without a path the value has to be an object.')
  for (const [key, item] of Object.entries(value)) {
    const target = findPath(schema, key)
    if (target === undefined || isReadOnly(target)) continue
    // There a filter only says which value is meant, not that there is one.
    apply(resource, target.filter ? 'add' : op, target, item)
  }
}

function apply(resource: Resource, op: Operation['op'], path: AttributePath, value: unknown): void {
  const { extension, attribute } = path
  const container = extension ? ((resource[extension.id] ?? {}) as ComplexValue) : resource
  if (attribute) applyTo(container, op, path as AttributePath & { attribute: Attribute }, value)
  else if (op === 'remove' || value === null) for (const name of Object.keys(container)) delete container[name]
  else merge(container, extension?.attributes ?? [], value, extension?.id ?? '')
  if (!extension) return
  if (Object.keys(container).length > 0) resource[extension.id] = container
  else delete resource[extension.id]
}

function applyTo(
  container: ComplexValue,
  op: Operation['op'],
  path: AttributePath & { attribute: Attribute },
  value: unknown,
): void {
  const { attribute, sub } = path
  if (attribute.multiValued) {
    const next = nextValues((container[attribute.name] ?? []) as ComplexValue[], op, path, value)
    if (next.length > 0) container[attribute.name] = next
    else delete container[attribute.name]
  } else if (sub) {
    const complex = (container[attribute.name] ?? {}) as ComplexValue
    set(complex, sub, op === 'remove' ? undefined : value)
    setOrDelete(container, attribute.name, complex)
  } else if (op !== 'remove' && attribute.type === 'complex' && isObject(value)) {
    // A part of it replaces that part (RFC 7644, section 3.5.2.3).
    const complex = (container[attribute.name] ?? {}) as ComplexValue
    merge(complex, attribute.subAttributes ?? [], value, attribute.name)
    setOrDelete(container, attribute.name, complex)
  } else {
    set(container, attribute, op === 'remove' ? undefined : value)
  }
}

/** The values of a multi-valued attribute after one operation. */
function nextValues(
  values: ComplexValue[],
  op: Operation['op'],
  { attribute, filter, sub }: { attribute: Attribute; filter: Filter | undefined; sub: Attribute | undefined },
  value: unknown,
): ComplexValue[] {
  if (filter === undefined && sub === undefined) {
    const given = (readValue(attribute, value) ?? []) as ComplexValue[]
    if (op === 'remove') return value === undefined ? [] : without(values, given)
    return op === 'add' ? added(values, given) : added([], given)
  }
  const selected = new Set(values.filter((each) => filter === undefined || matches(filter, attribute, each)))
  if (op === 'remove') {
    if (sub === undefined) return values.filter((each) => !selected.has(each))
    for (const each of selected) delete each[sub.name]
    return values.filter((each) => Object.keys(each).length > 0)
  }
  if (selected.size === 0) {
    if (filter !== undefined && op === 'replace') {
      throw new ScimError(400, 'noTarget', `None of “${attribute.name}” is what the path selects.`)
    }
    const made = filter === undefined ? {} : described(filter, attribute)
    assign(made, attribute, sub, value)
    return onePrimary(Object.keys(made).length > 0 ? [...values, made] : values, new Set([made]))
  }
  for (const each of selected) {
    if (op === 'replace' && sub === undefined) for (const name of Object.keys(each)) delete each[name]
    assign(each, attribute, sub, value)
  }
  const left = values.filter((each) => Object.keys(each).length > 0)
  return onePrimary(left, selected)
}

function assign(target: ComplexValue, attribute: Attribute, sub: Attribute | undefined, value: unknown): void {
  if (sub) set(target, sub, value)
  else Object.assign(target, readSingle(attribute, value ?? {}) ?? {})
}

/** What is there already gets what is new about it; the rest comes behind. */
function added(values: ComplexValue[], given: ComplexValue[]): ComplexValue[] {
  const next = [...values]
  const byKey = new Map(next.map((each) => [keyOf(each), each]))
  const touched = new Set<ComplexValue>()
  for (const item of given) {
    const known = byKey.get(keyOf(item))
    if (known) Object.assign(known, item)
    else {
      next.push(item)
      byKey.set(keyOf(item), item)
    }
    touched.add(known ?? item)
  }
  return onePrimary(next, touched)
}

function without(values: ComplexValue[], given: ComplexValue[]): ComplexValue[] {
  const gone = new Set(given.map((each) => each.value).filter((each) => each !== undefined))
  return values.filter((each) => each.value === undefined || !gone.has(each.value))
}

/** Two values are the same when they are for the same thing. Postal addresses have no `value`. */
function keyOf(value: ComplexValue): string {
  if (value.value === undefined) return JSON.stringify(Object.entries(value).sort())
  return JSON.stringify([value.value, value.type ?? null])
}

/** One value was made primary: the others are no more. */
function onePrimary(values: ComplexValue[], touched: ReadonlySet<ComplexValue>): ComplexValue[] {
  const primary = [...touched].findLast((each) => each.primary === true)
  if (primary) for (const each of values) if (each !== primary && each.primary === true) each.primary = false
  return values
}

/** What a value must be for the filter to select it: `[type eq "work"]` says `type`. */
function described(filter: Filter, attribute: Attribute): ComplexValue {
  if (filter.op === 'and') return Object.assign({}, ...filter.filters.map((each) => described(each, attribute)))
  if (filter.op !== 'eq') {
    throw new ScimError(400, 'noTarget', `None of “${attribute.name}” is what the path selects.`)
  }
  const sub = findAttribute(attribute.subAttributes, filter.attrPath)
  const value = sub && readValue(sub, filter.compValue)
  if (sub === undefined) throw new ScimError(400, 'invalidPath', `“${attribute.name}” has no “${filter.attrPath}”.`)
  return value === undefined ? {} : { [sub.name]: value }
}

function merge(target: ComplexValue, attributes: readonly Attribute[], value: unknown, name: string): void {
  if (!isObject(value)) throw invalidValue(`“${name}” has to be an object.`)
  for (const [key, item] of Object.entries(value)) {
    const attribute = findAttribute(attributes, key)
    if (attribute && attribute.mutability !== 'readOnly') set(target, attribute, item)
  }
}

function set(target: ComplexValue, attribute: Attribute, given: unknown): void {
  const value: Value | undefined = readValue(attribute, given)
  if (value === undefined) delete target[attribute.name]
  else target[attribute.name] = value
}

function setOrDelete(container: ComplexValue, name: string, complex: ComplexValue): void {
  if (Object.keys(complex).length > 0) container[name] = complex
  else delete container[name]
}

function isReadOnly({ attribute, sub }: AttributePath): boolean {
  return attribute?.mutability === 'readOnly' || sub?.mutability === 'readOnly'
}

function requireMutable(path: AttributePath): void {
  if (!isReadOnly(path) && path.sub?.mutability !== 'immutable') return
  throw new ScimError(400, 'mutability', `“${path.sub?.name ?? path.attribute?.name}” cannot be changed.`)
}

function invalidSyntax(detail: string): ScimError {
  return new ScimError(400, 'invalidSyntax', detail)
}
