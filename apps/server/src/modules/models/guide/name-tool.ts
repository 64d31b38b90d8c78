import type { PromptTool } from '../types.ts'

/** A tool that a message asks for, with the arguments it gives; those may be incomplete. */
export interface NamedTool {
  tool: PromptTool
  arguments: Record<string, unknown>
}

const MAX_SPOKEN_CHARACTERS = 2_000

/**
 * Understands `/echo {"message": "hi"}`, `/everything__echo message=hi` and "call the echo tool with message hi". The short
 * name is enough where no other server has the same. `unknown` is a name after a slash that no tool has.
 */
export function nameTool(text: string, tools: PromptTool[]): NamedTool | { unknown: string } | undefined {
  const command = /^\/([\w.-]+)\s*([\s\S]*)$/.exec(text.trim())
  if (command) {
    const tool = findTool(command[1]!, tools)
    return tool ? { tool, arguments: readArguments(command[2]!, tool) } : { unknown: command[1]! }
  }
  const request =
    /\b(?:call|run|use|invoke|execute|try)\s+(?:the\s+)?(?:tool\s+)?[`"']?([\w.-]+)[`"']?(?:\s+tool)?\b/i.exec(text)
  const tool = request && findTool(request[1]!, tools)
  if (!request || !tool) return undefined
  const rest = text.slice(request.index + request[0].length).replace(/^[`"']?\s*(?:with|using|on|for)?\s*/i, '')
  return { tool, arguments: readArguments(rest, tool) }
}

function findTool(name: string, tools: PromptTool[]): PromptTool | undefined {
  const wanted = plain(name)
  const exact = tools.find((tool) => plain(tool.name) === wanted)
  if (exact) return exact
  const short = tools.filter((tool) => plain(tool.name.slice(tool.name.indexOf('__') + 2)) === wanted)
  return short.length === 1 ? short[0] : undefined
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_.]/g, '')
}

function readArguments(text: string, tool: PromptTool): Record<string, unknown> {
  const rest = text.trim()
  if (rest === '') return {}
  if (rest.startsWith('{')) {
    const object = parseObject(rest)
    if (object) return object
  }
  const properties = propertiesOf(tool)
  const names = Object.keys(properties)
  const found: Record<string, unknown> = {}
  // Only short texts are read as names and values: long ones are a value themselves.
  for (const name of rest.length > MAX_SPOKEN_CHARACTERS ? [] : names) {
    const value = valueFor(name, names, rest)
    if (value !== undefined) found[name] = coerce(value, properties[name])
  }
  const required = Array.isArray(tool.inputSchema.required) ? tool.inputSchema.required : []
  const only = required.length === 1 ? required[0] : names.length === 1 ? names[0] : undefined
  if (Object.keys(found).length === 0 && typeof only === 'string')
    found[only] = coerce(unquoted(rest), properties[only])
  return found
}

function propertiesOf(tool: PromptTool): Record<string, unknown> {
  const { properties } = tool.inputSchema
  return typeof properties === 'object' && properties !== null ? (properties as Record<string, unknown>) : {}
}

/** `name=value`, `name: value`, `name value`, each up to the next name or the end; quotes hold a value together. */
function valueFor(name: string, names: string[], text: string): string | undefined {
  const escaped = (word: string) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const next = names.map(escaped).join('|')
  const pattern = new RegExp(
    `(?:^|[\\s,])${escaped(name)}(?:\\s*[=:]\\s*|\\s+(?:to|of|is)\\s+|\\s+)("(?:[^"\\\\]|\\\\.)*"|'[^']*'|.+?)(?=(?:\\s*,|\\s+and)?\\s+(?:the\\s+)?(?:${next})(?:\\s*[=:]|\\s)|\\s*$)`,
    'is',
  )
  const value = pattern.exec(text)?.[1]
  return value === undefined ? undefined : unquoted(value.replace(/,$/, ''))
}

function unquoted(text: string): string {
  if (text.startsWith('"') && text.endsWith('"')) {
    const value = parseJson(text)
    if (typeof value === 'string') return value
  }
  return /^(["'`“]).*(["'`”])$/s.test(text) ? text.slice(1, -1) : text
}

function coerce(value: string, schema: unknown): unknown {
  const type = typeof schema === 'object' && schema !== null && 'type' in schema ? schema.type : undefined
  if ((type === 'number' || type === 'integer') && value.trim() !== '' && Number.isFinite(Number(value))) {
    return Number(value)
  }
  if (type === 'boolean' && /^(true|yes|on|false|no|off)$/i.test(value)) return /^(true|yes|on)$/i.test(value)
  if (type === 'object' || type === 'array') return parseJson(value) ?? value
  return value
}

function parseObject(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
