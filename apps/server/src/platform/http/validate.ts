import type { Endpoint } from '@parley/contract'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { deepestJson } from './json-body.ts'
import { invalidRequest } from './problem.ts'

interface Input {
  params: unknown
  query: unknown
  body: unknown
}

/** Makes what checks the requests of an endpoint: by its schemas, refusing what they do not know. Throws AppError. */
export function validatorOf(endpoint: Endpoint): (request: FastifyRequest) => Input {
  const params = endpoint.params
  const query = strict(endpoint.query ?? z.object({}))
  const body = endpoint.body && strict(endpoint.body)
  const ignoresBody = endpoint.media?.request !== undefined
  return (request) => {
    if (params) requireText(request.params, 'address')
    requireEncoded(request.url)
    requireText(request.query, 'query parameters')
    const input: Input = {
      params: params ? parse(params, request.params, 'path') : undefined,
      query: parse(query, request.query, 'query'),
      body: undefined,
    }
    if (ignoresBody) return input
    requireText(request.body, 'body')
    if (body) input.body = parse(body, request.body, 'body')
    else if (!isEmpty(request.body)) throw new AppError('invalid_request', 'This request takes no body.')
    return input
  }
}

function parse(schema: z.ZodType, value: unknown, where: 'body' | 'query' | 'path'): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  if (where === 'body' && value === undefined) {
    throw new AppError('invalid_request', 'A JSON body is missing (Content-Type: application/json).')
  }
  throw invalidRequest(parsed.error, where)
}

/** The schema, but an object of it refuses fields it does not know instead of dropping them. */
function strict(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) return schema.strict()
  if (schema instanceof z.ZodDefault) {
    return strict(schema.def.innerType as z.ZodType).default(schema.def.defaultValue)
  }
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const [first, ...rest] = schema.options.map((option) => strict(option as z.ZodType))
    return z.discriminatedUnion(schema.def.discriminator, [first as z.ZodObject, ...(rest as z.ZodObject[])])
  }
  return schema
}

function isEmpty(body: unknown): boolean {
  return body == null || (typeof body === 'object' && Object.keys(body).length === 0)
}

/** Refuses a query that is not UTF-8, or not encoded as one: the parser would take it for something else. */
function requireEncoded(url: string): void {
  const start = url.indexOf('?')
  if (start < 0 || !url.includes('%', start)) return
  try {
    decodeURIComponent(url.slice(start))
  } catch {
    throw new AppError('invalid_request', 'The query parameters are not UTF-8 with each % followed by two digits.')
  }
}

/** Refuses text that the database cannot hold (NUL, half of a surrogate pair), and nesting no one sends in earnest. */
export function requireText(value: unknown, place: string): void {
  const waiting: [unknown, number][] = [[value, 0]]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [item, depth] = next
    if (typeof item === 'string') requireCleanText(item, place)
    else if (typeof item === 'object' && item !== null) {
      if (depth >= deepestJson) throw new AppError('invalid_request', `The ${place} is nested too deeply.`)
      for (const [key, field] of Object.entries(item)) {
        requireCleanText(key, place)
        waiting.push([field, depth + 1])
      }
    }
  }
}

function requireCleanText(text: string, place: string): void {
  if (text.includes('\0')) throw new AppError('invalid_request', `The ${place} must not contain the NUL character.`)
  if (!text.isWellFormed()) {
    throw new AppError('invalid_request', `The ${place} contains half of a surrogate pair, which is not a character.`)
  }
}
