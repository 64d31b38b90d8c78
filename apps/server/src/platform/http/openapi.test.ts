import { type Endpoint, endpoints } from '@parley/contract'
import { expect, test } from 'vitest'
import { describeApi } from './openapi.ts'

const all = Object.values(endpoints) as Endpoint[]
// As a reader sees it.
const document = JSON.parse(JSON.stringify(describeApi(all, '1.2.3')))

interface Operation {
  operationId: string
  parameters?: { name: string; in: string; required: boolean; schema: object }[]
  requestBody?: { required: boolean; content: Record<string, { schema: object }> }
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: object }> }>
  security?: unknown[]
}

function operationOf({ method, path }: Endpoint): Operation {
  return document.paths[path]?.[method.toLowerCase()]
}

test('describes every endpoint of the contract', () => {
  expect(document.openapi).toBe('3.1.0')
  for (const endpoint of all) {
    const operation = operationOf(endpoint)
    expect(operation, `${endpoint.method} ${endpoint.path}`).toBeDefined()
    const status = endpoint.status ?? (endpoint.response ? 200 : 204)
    expect(operation.responses[status]).toBeDefined()
    expect(operation.responses.default).toEqual({ $ref: '#/components/responses/Problem' })
    expect(operation.requestBody !== undefined).toBe(
      endpoint.body !== undefined || endpoint.media?.request !== undefined,
    )
    expect(operation.security === undefined).toBe(endpoint.access !== 'public')
    const inPath = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const described = operation.parameters?.filter((parameter) => parameter.in === 'path') ?? []
    expect(described.map(({ name }) => name).sort()).toEqual(inPath.sort())
    expect(described.every(({ required }) => required)).toBe(true)
  }
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path as object))
  expect(operations).toHaveLength(all.length)
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(all.length)
})

test('has no reference that leads nowhere, and names each shared shape once', () => {
  const references: string[] = []
  JSON.stringify(document, (key, value) => {
    if (key === '$ref') references.push(value)
    expect(['$schema', '$defs']).not.toContain(key)
    return value
  })
  for (const reference of new Set(references)) {
    const found = reference
      .slice(2)
      .split('/')
      .reduce((at, name) => at?.[name], document)
    expect(found, reference).toBeDefined()
  }
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(['Conversation', 'Message', 'Model', 'Part', 'Problem', 'Run', 'Tool', 'User']),
  )
  expect(
    operationOf(endpoints.getConversation as Endpoint).responses[200]?.content?.['application/json']?.schema,
  ).toEqual({
    $ref: '#/components/schemas/Conversation',
  })
})

test('keeps properties named like keywords', () => {
  expect(Object.keys(document.components.schemas.Conversation.properties)).toContain('id')
})

test('tells of event streams, files and idempotency keys', () => {
  const send = operationOf(endpoints.sendMessage as Endpoint)
  expect(Object.keys(send.responses[202]?.content ?? {})).toEqual(['application/json', 'text/event-stream'])
  expect(send.parameters?.map(({ name }) => name)).toContain('Idempotency-Key')
  expect(Object.keys(operationOf(endpoints.uploadFile as Endpoint).requestBody?.content ?? {})).toEqual([
    'multipart/form-data',
  ])
  expect(operationOf(endpoints.createConversation as Endpoint).requestBody?.required).toBe(false)
  const limit = operationOf(endpoints.listConversations as Endpoint).parameters?.find(({ name }) => name === 'limit')
  expect(limit).toMatchObject({ in: 'query', required: false, schema: { type: 'integer', minimum: 1, maximum: 200 } })
})
