import { type Endpoint, errorCodes, problemSchema } from '@parley/contract'
import { z } from 'zod'
import type { Http } from './http.ts'

type Json = Record<string, unknown>

/** `/openapi.json`: what is mounted, described from the same schemas that check it. Call it after all routes. */
export function mountOpenApi({ app, platform, mounted }: Http): void {
  let text: string | undefined
  app.get('/openapi.json', async (_request, reply) => {
    text ??= JSON.stringify(describeApi(mounted, platform.config.version))
    return reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache').send(text)
  })
}

/** The OpenAPI 3.1 document of these endpoints. */
export function describeApi(endpoints: readonly Endpoint[], version: string): Json {
  const components = componentsOf(endpoints)
  const paths: Record<string, Json> = {}
  for (const endpoint of endpoints) {
    const operations = paths[endpoint.path] ?? {}
    operations[endpoint.method.toLowerCase()] = describeOperation(endpoint)
    paths[endpoint.path] = operations
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Parley',
      version,
      description: 'The native API. Errors are problem details (RFC 9457) with a `code` from a closed list.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: [...new Set(endpoints.map(({ tag }) => tag))].map((name) => ({ name })),
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      schemas: components,
      responses: {
        Problem: {
          description: problemDescription(),
          content: { 'application/problem+json': { schema: ref('Problem') } },
        },
      },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key (`mcp_…`) or an access token.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'parley_session',
          description: 'The web app’s session. Changes need the header `Parley-Client` and come from the same origin.',
        },
      },
    },
  }
}

function describeOperation(endpoint: Endpoint): Json {
  const { tag, summary, description, access, idempotent, media } = endpoint
  const status = endpoint.status ?? (endpoint.response ? 200 : 204)
  const content: Json = {}
  if (endpoint.response) content['application/json'] = { schema: toSchema(endpoint.response, 'output') }
  for (const type of media?.response ?? []) content[type] = { schema: { type: 'string' } }
  const success = { description: 'Done', ...(Object.keys(content).length > 0 ? { content } : {}) }
  const parameters = [
    ...parametersOf(endpoint.params, 'path'),
    ...parametersOf(endpoint.query, 'query'),
    ...(idempotent ? [idempotencyHeader] : []),
  ]
  return {
    operationId: operationId(endpoint),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...requestBodyOf(endpoint),
    ...(access === 'public' ? { security: [] } : {}),
    ...(access === 'public' || access === 'session' ? {} : { 'x-scope': access }),
    responses: {
      [status]: success,
      ...(media?.response?.includes('text/event-stream') && status !== 200 ? { 200: success } : {}),
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

const idempotencyHeader = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'A repeat of the request with the same key gets the first one’s answer. Kept for 24 hours.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

function requestBodyOf({ body, media }: Endpoint): Json {
  if (media?.request !== undefined) {
    const schema = { type: 'object', properties: { file: { type: 'string', format: 'binary' } }, required: ['file'] }
    return { requestBody: { required: true, content: { [media.request]: { schema } } } }
  }
  if (!body) return {}
  const required = !(body instanceof z.ZodDefault)
  return { requestBody: { required, content: { 'application/json': { schema: toSchema(body, 'input') } } } }
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = toSchema(schema, 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }))
}

/** Method and path make a name that stays: `post_conversations_id_messages`. */
function operationId({ method, path }: Endpoint): string {
  const words = path.replace('/api/v1/', '').replaceAll(/[{}]/g, '').split(/[/-]/)
  return [method.toLowerCase(), ...words].join('_')
}

/** Every schema with an id, once. */
function componentsOf(endpoints: readonly Endpoint[]): Record<string, Json> {
  const components: Record<string, Json> = {}
  const schemas = [problemSchema, ...endpoints.flatMap(({ response, body }) => [response, body])]
  for (const schema of schemas) {
    if (!schema) continue
    const { $defs, ...own } = rawSchema(schema, 'output')
    Object.assign(components, $defs)
    const id = schema.meta()?.id
    if (id !== undefined && !('$ref' in own)) components[id] = own
  }
  return Object.fromEntries(
    Object.entries(components)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, schema]) => [id, clean(schema) as Json]),
  )
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const id = schema.meta()?.id
  if (id !== undefined) return ref(id)
  const { $defs: _, ...own } = rawSchema(schema, io)
  return clean(own) as Json
}

function rawSchema(schema: z.ZodType, io: 'input' | 'output'): Json & { $defs?: Record<string, Json> } {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as Json
}

/** As OpenAPI wants it: references into its components, without JSON Schema's own names. */
function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '$schema' && key !== 'id' && key !== '~standard')
      .map(([key, field]) => [
        key,
        key === '$ref' && typeof field === 'string'
          ? field.replace('#/$defs/', '#/components/schemas/')
          : cleanField(key, field),
      ]),
  )
}

/** A property may well be named `id`: names of properties are not keywords. */
function cleanField(key: string, field: unknown): unknown {
  if (key !== 'properties') return clean(field)
  return Object.fromEntries(Object.entries(field as Json).map(([name, property]) => [name, clean(property)]))
}

function ref(id: string): Json {
  return { $ref: `#/components/schemas/${id}` }
}

function problemDescription(): string {
  const byStatus = Map.groupBy(Object.entries(errorCodes), ([, { status }]) => status)
  const lines = [...byStatus].map(([status, codes]) => `${status}: ${codes.map(([code]) => code).join(', ')}`)
  return `It could not be done. Codes by status: ${lines.join('; ')}.`
}
