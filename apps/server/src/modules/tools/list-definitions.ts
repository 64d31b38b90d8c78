import { createHash } from 'node:crypto'
import type { Client, Tool } from '@modelcontextprotocol/client'
import { canonicalJson } from '../../platform/crypto/index.ts'
import { withoutInvisible } from '../models/index.ts'
import { cleanJson, cleanText } from './clean-text.ts'
import type { ToolDefinition } from './types.ts'

const maxTools = 500
const maxPages = 100
const maxNameCharacters = 200
const maxDescriptionCharacters = 4_000
const maxSchemaCharacters = 64_000
const maxSchemaDepth = 40

/**
 * Reads a server's tools, page by page, by name; at most 500. `timeoutMs` bounds the whole.
 * @throws what the client throws
 */
export async function listDefinitions(client: Client, options: { timeoutMs: number; signal: AbortSignal }) {
  if (!client.getServerCapabilities()?.tools) return []
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)])
  const definitions = new Map<string, ToolDefinition>()
  let cursor: string | undefined
  for (let page = 1; page <= maxPages && definitions.size < maxTools; page++) {
    // Not `listTools`: that follows as many pages as the server likes.
    const request = { method: 'tools/list' as const, params: cursor === undefined ? {} : { cursor } }
    const { tools, nextCursor } = await client.request(request, { signal, timeout: options.timeoutMs })
    for (const tool of tools) {
      if (definitions.size < maxTools && tool.name.length <= maxNameCharacters && !definitions.has(tool.name)) {
        definitions.set(tool.name, defineTool(tool))
      }
    }
    if (!nextCursor || nextCursor === cursor) break
    cursor = nextCursor
  }
  return [...definitions.values()].sort((a, b) => (a.tool < b.tool ? -1 : 1))
}

/** Within bounds, with a hash of the whole: name, description, schemas, annotations. */
export function defineTool(tool: Tool): ToolDefinition {
  const { name, title, description, inputSchema, outputSchema, annotations } = tool
  const whole = canonicalJson({ name, title, description, inputSchema, outputSchema, annotations })
  const readOnly = annotations?.readOnlyHint === true
  return {
    tool: name,
    title: cut(readable(title || annotations?.title || name), maxNameCharacters),
    description: cut(readable(description ?? ''), maxDescriptionCharacters),
    inputSchema: boundSchema(inputSchema),
    readOnly,
    // What the specification says of a tool that says nothing.
    destructive: !readOnly && annotations?.destructiveHint !== false,
    idempotent: readOnly || annotations?.idempotentHint === true,
    hash: createHash('sha256').update(whole).digest('hex'),
  }
}

/** As the person who judges the tool sees it, so that a model is told nothing else. */
function readable(text: string): string {
  return withoutInvisible(cleanText(text))
}

function cut(text: string, characters: number): string {
  if (text.length <= characters) return text
  return `${text.slice(0, characters).toWellFormed()} [cut: ${text.length} characters]`
}

function boundSchema(schema: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(schema)
  if (text.length <= maxSchemaCharacters && depthOf(schema) <= maxSchemaDepth)
    return cleanJson(schema) as Record<string, unknown>
  return {
    type: 'object',
    description: `[left out: the schema of the arguments is too large (${text.length} characters)]`,
  }
}

function depthOf(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > maxSchemaDepth) return depth
  return Object.values(value).reduce((deepest: number, inner) => Math.max(deepest, depthOf(inner, depth + 1)), depth)
}
