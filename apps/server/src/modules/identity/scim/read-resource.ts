import { type Attribute, findAttribute, type ResourceSchema, topAttributes } from './schemas.ts'
import { invalidValue, ScimError } from './scim-error.ts'

export type Value = string | boolean | Value[] | { [name: string]: Value }
export type ComplexValue = { [name: string]: Value }

/** A resource with every name spelled as its schema spells it; extensions are under their URN. */
export type Resource = ComplexValue

const longestText = 2_000
const longestBinary = 20_000
const mostValues = 100
const mostMembers = 20_000

/**
 * The resource that a POST or PUT holds. What the schema does not know and what is read-only is left out (RFC 7644, sections
 * 3.3 and 3.5.1).
 * @throws ScimError invalidSyntax, invalidValue
 */
export function readResource(schema: ResourceSchema, body: unknown): Resource {
  if (!isObject(body)) throw new ScimError(400, 'invalidSyntax', 'The body has to be a JSON object.')
  requireSchema(body, schema.core.id)
  const resource = readComplex(topAttributes(schema), body)
  for (const extension of schema.extensions) {
    const given = getIgnoringCase(body, extension.id)
    if (given == null) continue
    if (!isObject(given)) throw invalidValue(`“${extension.id}” has to be an object.`)
    const read = readComplex(extension.attributes, given)
    if (Object.keys(read).length > 0) resource[extension.id] = read
  }
  return resource
}

/** Refuses a body that does not say it is of this schema. */
export function requireSchema(body: Record<string, unknown>, id: string): void {
  const schemas = getIgnoringCase(body, 'schemas')
  const named = Array.isArray(schemas) && schemas.some((each) => String(each).toLowerCase() === id.toLowerCase())
  if (!named) throw new ScimError(400, 'invalidSyntax', `“schemas” has to name ${id}.`)
}

/** A value for an attribute, in the form in which it is kept; undefined for one that says "none". */
export function readValue(attribute: Attribute, given: unknown): Value | undefined {
  if (given == null) return undefined
  if (!attribute.multiValued) return readSingle(attribute, given)
  const list = Array.isArray(given) ? given : [given] // Entra ID sends one value without brackets
  const most = attribute.name === 'members' ? mostMembers : mostValues
  if (list.length > most) throw invalidValue(`“${attribute.name}” may have ${most} values.`)
  const read = list.flatMap((each) => (each == null ? [] : (readSingle(attribute, each) ?? [])))
  return read.length > 0 ? read : undefined
}

/** One value, of a multi-valued attribute too. */
export function readSingle(attribute: Attribute, given: unknown): Value | undefined {
  const { name, type, subAttributes } = attribute
  if (type === 'complex') {
    // Entra ID sends a manager, and some send members, as a bare id.
    if (typeof given === 'string' && findAttribute(subAttributes, 'value')) {
      return given === '' ? undefined : { value: given }
    }
    if (!isObject(given)) throw invalidValue(`“${name}” has to be an object.`)
    const read = readComplex(subAttributes ?? [], given)
    return Object.keys(read).length > 0 ? read : undefined
  }
  if (type === 'boolean') {
    if (typeof given === 'boolean') return given
    // Entra ID sends "True" and "False".
    const text = typeof given === 'string' ? given.toLowerCase() : ''
    if (text === 'true' || text === 'false') return text === 'true'
    throw invalidValue(`“${name}” has to be true or false.`)
  }
  const text = typeof given === 'number' ? String(given) : given
  if (typeof text !== 'string') throw invalidValue(`“${name}” has to be text.`)
  if (text.length > (type === 'binary' ? longestBinary : longestText)) throw invalidValue(`“${name}” is too long.`)
  return text
}

function readComplex(attributes: readonly Attribute[], given: Record<string, unknown>): ComplexValue {
  const read: ComplexValue = {}
  for (const [key, item] of Object.entries(given)) {
    const attribute = findAttribute(attributes, key)
    if (attribute === undefined || attribute.mutability === 'readOnly') continue
    const value = readValue(attribute, item)
    if (value === undefined) continue
    requireOnePrimary(attribute, value)
    read[attribute.name] = value
  }
  return read
}

function requireOnePrimary({ name }: Attribute, value: Value): void {
  if (!Array.isArray(value)) return
  if (value.filter((each) => (each as ComplexValue).primary === true).length > 1) {
    throw invalidValue(`Only one of “${name}” can be primary.`)
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function getIgnoringCase(object: Record<string, unknown>, name: string): unknown {
  const key = Object.keys(object).find((each) => each.toLowerCase() === name.toLowerCase())
  return key === undefined ? undefined : object[key]
}
