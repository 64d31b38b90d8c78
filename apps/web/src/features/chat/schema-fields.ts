/** One argument of a tool as a form can ask for it; `json` is for what has no simple field. */
export interface SchemaField {
  name: string
  label: string
  description: string
  kind: 'text' | 'number' | 'boolean' | 'choice' | 'json'
  choices: string[]
  required: boolean
}

/** The fields of a JSON Schema of type object, the required ones first. */
export function fieldsOf(schema: Record<string, unknown>): SchemaField[] {
  const properties = asObject(schema.properties)
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(properties)
    .map(([name, value]): SchemaField => {
      const property = asObject(value)
      const choices = Array.isArray(property.enum)
        ? property.enum.filter((choice): choice is string => typeof choice === 'string')
        : []
      return {
        name,
        label: typeof property.title === 'string' ? property.title : name,
        description: typeof property.description === 'string' ? property.description : '',
        kind: choices.length > 0 ? 'choice' : kindOf(property.type),
        choices,
        required: required.includes(name),
      }
    })
    .sort((a, b) => Number(b.required) - Number(a.required))
}

function kindOf(type: unknown): SchemaField['kind'] {
  if (type === 'string') return 'text'
  if (type === 'number' || type === 'integer') return 'number'
  return type === 'boolean' ? 'boolean' : 'json'
}

/** What a form holds: text for every field, as it is typed. */
export function toFormValues(fields: readonly SchemaField[], args: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    fields.map(({ name, kind }) => {
      const value = args[name]
      if (value === undefined || value === null) return [name, '']
      return [name, kind === 'json' ? JSON.stringify(value, null, 2) : String(value)]
    }),
  )
}

/**
 * The arguments a filled-in form stands for; empty fields that are not required are left out, arguments without a field
 * are kept. Problems by field instead, where something is missing or cannot be read.
 */
export function toArguments(
  fields: readonly SchemaField[],
  values: Record<string, string>,
  args: Record<string, unknown>,
): { arguments: Record<string, unknown> } | { problems: Record<string, string> } {
  const result = { ...args }
  const problems: Record<string, string> = {}
  for (const { name, kind, required } of fields) {
    const text = values[name] ?? ''
    delete result[name]
    if (text === '') {
      if (required && kind === 'boolean') result[name] = false
      else if (required) problems[name] = 'Needed.'
    } else if (kind === 'number') {
      if (Number.isFinite(Number(text))) result[name] = Number(text)
      else problems[name] = 'Has to be a number.'
    } else if (kind === 'boolean') result[name] = text === 'true'
    else if (kind === 'json') {
      const value = parseJson(text)
      if (value === undefined) problems[name] = 'Has to be JSON.'
      else result[name] = value
    } else result[name] = text
  }
  return Object.keys(problems).length > 0 ? { problems } : { arguments: result }
}

/** Undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
