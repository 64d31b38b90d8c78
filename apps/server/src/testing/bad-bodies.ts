import { z } from 'zod'

/** The part of JSON Schema that the contract's schemas come out as. */
interface Schema {
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  format?: string
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
}

/** One body (as it is sent) that an endpoint has to refuse. */
export interface BadBody {
  what: string
  text: string | Buffer
}

/** JSON Schema of what a caller sends. */
export function inputSchemaOf(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema
}

/** JSON Schema of what comes out, which says more of values that are made from text. */
export function outputSchemaOf(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as Schema
}

/** A body that the endpoint takes, with every field; throws when there is none, so that no schema goes untested. */
export function goodBody(schema: z.ZodType): unknown {
  const candidates = [exampleOf(inputSchemaOf(schema), true), exampleOf(inputSchemaOf(schema), false)]
  const good = candidates.find((candidate) => schema.safeParse(candidate).success)
  if (good === undefined) throw new Error(`no example fits the schema: ${JSON.stringify(candidates)}`)
  return good
}

/** What is wrong for every endpoint with this body, or with none: not JSON, not text, too deep, unknown fields. */
export function malformedBodies(good: unknown): BadBody[] {
  const open = JSON.stringify(good ?? {}).slice(0, -1)
  const more = open === '{' ? '' : ','
  const deep = '['.repeat(2000) + ']'.repeat(2000)
  return [
    { what: 'invalid JSON', text: '{nope}' },
    { what: 'truncated JSON', text: `${open}${more}"x":` },
    { what: 'two values', text: '{} {}' },
    { what: 'a NUL byte', text: '\0' },
    {
      what: 'invalid UTF-8',
      text: Buffer.concat([Buffer.from(`${open}${more}"x":"`), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    },
    { what: 'an array', text: '[1]' },
    { what: 'a string', text: '"x"' },
    { what: 'a number', text: '7' },
    { what: 'an unknown field', text: `${open}${more}"noSuchField":1}` },
    { what: '__proto__', text: `${open}${more}"__proto__":{"admin":true}}` },
    { what: 'constructor', text: `${open}${more}"constructor":{"prototype":{"admin":true}}}` },
    { what: 'a NUL in a name', text: `${open}${more}"a\\u0000":1}` },
    { what: 'half a character in a name', text: `${open}${more}"\\ud800":1}` },
    { what: 'deep nesting', text: `${open}${more}"x":${deep}}` },
    { what: 'nothing but nesting', text: deep },
  ]
}

/** What is wrong for this schema: fields left out, of the wrong type, out of range, twice, or with text nobody stores. */
export function wrongBodies(schema: z.ZodType, good: unknown): BadBody[] {
  const json = inputSchemaOf(schema)
  const bodies: BadBody[] = [{ what: 'null', text: 'null' }]
  if (!schema.safeParse(undefined).success) bodies.push({ what: 'no body', text: '' })
  if (!schema.safeParse({}).success) bodies.push({ what: 'an empty object', text: '{}' })
  for (const { path, schema: field, required } of placesIn(json, good)) {
    const name = path.join('.')
    if (required) bodies.push({ what: `without ${name}`, text: JSON.stringify(replaced(good, path, undefined)) })
    for (const [what, value] of wrongValuesFor(field)) {
      bodies.push({ what: `${name}: ${what}`, text: JSON.stringify(replaced(good, path, value)) })
    }
    if (path.length === 1) {
      // The last one counts, and it is wrong.
      const twice = JSON.stringify(good).replace(/}$/, `,${JSON.stringify(name)}:{"x":[]}}`)
      if (!typesOf(field).has('object')) bodies.push({ what: `${name} twice`, text: twice })
    }
  }
  return bodies
}

interface Place {
  path: (string | number)[]
  schema: Schema
  required: boolean
}

/** Every field that the good body has, with its schema, at any depth. */
function placesIn(schema: Schema, good: unknown, path: (string | number)[] = []): Place[] {
  if (Array.isArray(good)) {
    const { items } = branchesOf(schema).find((branch) => branch.type === 'array') ?? {}
    if (!items || good.length === 0) return []
    return [{ path: [...path, 0], schema: items, required: false }, ...placesIn(items, good[0], [...path, 0])]
  }
  if (typeof good !== 'object' || good === null) return []
  const places: Place[] = []
  for (const [key, value] of Object.entries(good)) {
    const owner = branchesOf(schema).find((branch) => branch.properties?.[key] && fits(branch, good))
    const field = owner?.properties?.[key]
    if (!field) continue
    places.push({ path: [...path, key], schema: field, required: owner.required?.includes(key) === true })
    places.push(...placesIn(field, value, [...path, key]))
  }
  return places
}

function wrongValuesFor(schema: Schema): [string, unknown][] {
  const types = typesOf(schema)
  const wrong: [string, unknown][] = []
  const samples: [string, unknown][] = [
    ['null', null],
    ['boolean', true],
    ['number', 1.5],
    ['string', 'x'],
    ['array', [[]]],
    ['object', { x: [] }],
  ]
  if (types.size > 0) {
    for (const [type, value] of samples) if (!types.has(type)) wrong.push([`a ${type}`, value])
  }
  if (types.has('string')) {
    wrong.push(['a NUL', 'a\0b'], ['half a surrogate pair', 'a\ud800b'])
    if (isBounded(schema)) wrong.push(['500,001 characters', 'x'.repeat(500_001)])
  }
  if (types.has('integer') && !types.has('number')) wrong.push(['a huge number', 1e308], ['a fraction', 1.5])
  if (types.has('object')) wrong.push(['2,000 levels', deepObject()])
  return wrong
}

/** Whether text of any length would not do. */
function isBounded(schema: Schema): boolean {
  return branchesOf(schema)
    .filter((branch) => typesOf(branch).has('string'))
    .every((branch) => branch.maxLength || branch.format || branch.pattern || branch.enum || branch.const !== undefined)
}

function deepObject(): unknown {
  let value: unknown = 1
  for (let level = 0; level < 2000; level += 1) value = { x: value }
  return value
}

/** The JSON types a schema takes; none: any. An integer is not a number here. */
function typesOf(schema: Schema): Set<string> {
  const types = new Set<string>()
  for (const branch of branchesOf(schema)) {
    if (branch.type) types.add(branch.type)
    for (const value of branch.const === undefined ? (branch.enum ?? []) : [branch.const]) {
      types.add(value === null ? 'null' : typeof value)
    }
  }
  return types
}

function branchesOf(schema: Schema): Schema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  return inner.length === 0 ? [schema] : inner.flatMap(branchesOf)
}

function fits(branch: Schema, value: object): boolean {
  return Object.entries(branch.properties ?? {}).every(
    ([key, field]) => field.const === undefined || (value as Record<string, unknown>)[key] === field.const,
  )
}

function exampleOf(schema: Schema, full: boolean): unknown {
  const inner = branchesOf(schema)
  if (inner[0] !== schema) {
    const branch = (full ? inner.findLast((each) => each.type !== 'null') : undefined) ?? inner[0]!
    return exampleOf(branch, full)
  }
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  if (schema.type === 'array') return [exampleOf(schema.items ?? {}, full)]
  if (schema.type === 'boolean') return true
  if (schema.type === 'integer' || schema.type === 'number') return Math.max(1, schema.minimum ?? 1)
  if (schema.type === 'object') {
    const fields = Object.entries(schema.properties ?? {})
    const wanted = full ? fields : fields.filter(([key]) => schema.required?.includes(key))
    return Object.fromEntries(wanted.map(([key, field]) => [key, exampleOf(field, full)]))
  }
  if (schema.format === 'email') return 'someone@example.com'
  if (schema.format === 'uuid') return '01a20b65-0000-7000-8000-000000000000'
  if (schema.format === 'uri') return 'https://example.com/'
  if (schema.format === 'date-time') return '2100-01-01T00:00:00.000Z'
  return 'x'.repeat(Math.max(1, schema.minLength ?? 1))
}

function replaced(value: unknown, [key, ...rest]: (string | number)[], by: unknown): unknown {
  if (key === undefined) return by
  const copy: unknown = structuredClone(value)
  const holder = copy as Record<string | number, unknown>
  holder[key] = replaced(holder[key], rest, by)
  return copy
}
