import { type Endpoint, endpoints, problemSchema } from '@parley/contract'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { newId } from './platform/crypto/index.ts'
import { startServer, type TestServer } from './testing/start-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

interface Case {
  what: string
  path: string
  init: RequestInit
}

/** Signing out comes last: it ends the session that the others use. */
const all = (Object.entries(endpoints) as [string, Endpoint][]).sort(
  ([a], [b]) => Number(a === 'logout') - Number(b === 'logout'),
)

const wrongValues = [null, 1, -1, 1e308, true, '', ' ', 'x\0y', '\ud800', 'x'.repeat(500_001), [], [[]], {}, [null]]
const wrongParams = ['nope', '%00', '%zz', '%F0%9F', '..%2f..', 'x'.repeat(1500), newId()]
const wrongQueries = [
  'limit=-1',
  'limit=abc',
  'limit=1e9',
  'cursor=x',
  'cursor=bnVsbA',
  'cursor=%00',
  'after=-1',
  'after=x',
  'page=0',
  'leaf=x',
  'search=%00',
  'no_such=1',
  '__proto__=1',
  'limit=1&limit=2',
]
const wrongBodies = [
  'null',
  '[]',
  '"x"',
  '0',
  '{',
  '{"a":',
  '\u0000',
  '{"no_such_field":1}',
  '{"__proto__":{}}',
  `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`,
]

describe.each(all)('%s', (_name, endpoint) => {
  const valid = endpoint.path.replaceAll(/\{\w+\}/g, newId())
  const own = () => ({
    ...server.owner.headers,
    ...(endpoint.media?.request ? {} : { 'content-type': 'application/json' }),
  })
  const { method } = endpoint

  function cases(): Case[] {
    const takesBody = endpoint.body !== undefined
    const list: Case[] = []
    for (const value of endpoint.path.includes('{') ? wrongParams : []) {
      const path = endpoint.path.replaceAll(/\{\w+\}/g, value)
      list.push({
        what: `in the path ${value.slice(0, 20)}`,
        path,
        init: { method, headers: own(), ...(takesBody ? { body: '{}' } : {}) },
      })
    }
    for (const query of wrongQueries) {
      list.push({
        what: `?${query}`,
        path: `${valid}?${query}`,
        init: { method, headers: own(), ...(takesBody ? { body: '{}' } : {}) },
      })
    }
    if (method === 'GET') return list
    for (const body of wrongBodies)
      list.push({ what: body.slice(0, 30), path: valid, init: { method, headers: own(), body } })
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      ';',
    ]) {
      list.push({ what: type, path: valid, init: { method, headers: { ...own(), 'content-type': type }, body: 'a=1' } })
    }
    for (const key of ['', 'ö', 'a b', 'k'.repeat(300)].map((text) =>
      encodeURIComponent(text).replaceAll('%20', ' '),
    )) {
      if (!endpoint.idempotent) break
      const init = { method, headers: { ...own(), 'idempotency-key': key }, ...(takesBody ? { body: '{' } : {}) }
      list.push({ what: `key ${key.slice(0, 10)}`, path: valid, init })
    }
    for (const field of fieldsOf(endpoint.body)) {
      for (const value of wrongValues) {
        const body = JSON.stringify({ [field]: value })
        list.push({ what: body.slice(0, 40), path: valid, init: { method, headers: own(), body } })
      }
    }
    return list
  }

  test('bad input is refused as problem details, and changes nothing', async () => {
    const before = await rowCounts()
    let accepted = 0
    for (const { what, path, init } of cases()) {
      const response = await server.anyone.fetch(path, { ...init, signal: AbortSignal.timeout(10_000) })
      const seen = `${method} ${what}: ${response.status}`
      expect(response.status, seen).toBeLessThan(500)
      const text = await response.text()
      if (response.status < 400) {
        accepted += 1 // it was not bad for this endpoint
        continue
      }
      expect(response.headers.get('content-type'), seen).toBe('application/problem+json; charset=utf-8')
      expect(problemSchema.parse(JSON.parse(text)).status, seen).toBe(response.status)
    }
    if (accepted === 0) expect(await rowCounts()).toEqual(before)
  })

  test('without a good credential nobody gets in', async () => {
    if (endpoint.access === 'public') return
    for (const headers of [
      {},
      { authorization: 'Bearer x' },
      { authorization: `Bearer mcp_${'0'.repeat(49)}` },
      { authorization: 'Basic eDp5' },
      { cookie: 'parley_session=x' },
    ] as Record<string, string>[]) {
      const response = await server.anyone.fetch(valid, { method, headers })
      expect(response.status).toBe(401)
      expect(problemSchema.parse(await response.json()).code).toBe('unauthenticated')
    }
  })

  test('other methods are refused with what is allowed', async () => {
    const response = await server.anyone.fetch(valid, { method: 'REPORT' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toContain(method)
  })
})

function fieldsOf(schema: z.ZodType | undefined): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape)
  if (schema instanceof z.ZodDefault) return fieldsOf(schema.def.innerType as z.ZodType)
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return [...new Set(schema.options.flatMap((option) => fieldsOf(option as z.ZodType)))]
  }
  return []
}

async function rowCounts(): Promise<Record<string, number>> {
  const { db } = server.platform
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(db)
  const counts: Record<string, number> = {}
  for (const { name } of rows) {
    const counted = await sql<{ n: number }>`select count(*) as n from ${sql.table(name)}`.execute(db)
    counts[name] = counted.rows[0]!.n
  }
  return counts
}
