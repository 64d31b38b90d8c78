import { expect, test } from 'vitest'
import { within } from '../../testing/pace.ts'
import { checkArguments } from './check-arguments.ts'

let number = 0
const check = (inputSchema: Record<string, unknown>, args: Record<string, unknown>) =>
  checkArguments({ inputSchema, definitionHash: `test-${number++}` }, args)

const booking = {
  type: 'object',
  properties: {
    city: { type: 'string' },
    nights: { type: 'integer', minimum: 1 },
    kind: { enum: ['single', 'double'] },
  },
  required: ['city', 'nights'],
  additionalProperties: false,
}

test('what fits passes', () => {
  expect(check(booking, { city: 'Oslo', nights: 2, kind: 'double' })).toEqual({ ok: true })
})

test('tells every problem, and what is missing', () => {
  expect(check(booking, { nights: 0, kind: 'suite', view: 'sea' })).toEqual({
    ok: false,
    missing: ['city'],
    problems: expect.arrayContaining([
      '/city is missing',
      '/nights must be >= 1',
      '/kind has to be one of ["single","double"]',
      '/view is not known',
    ]),
  })
})

test('reads both dialects', () => {
  const draft7 = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    definitions: { name: { type: 'string' } },
    properties: { pair: { type: 'array', items: [{ $ref: '#/definitions/name' }, { type: 'number' }] } },
  }
  expect(check(draft7, { pair: ['a', 1] })).toEqual({ ok: true })
  expect(check(draft7, { pair: [1, 'a'] })).toMatchObject({ ok: false })
  const modern = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { name: { type: 'string' } },
    properties: { pair: { type: 'array', prefixItems: [{ $ref: '#/$defs/name' }, { type: 'number' }] } },
  }
  expect(check(modern, { pair: ['a', 1] })).toEqual({ ok: true })
  expect(check(modern, { pair: [1, 'a'] })).toMatchObject({ ok: false })
})

test.each([
  ['refers to another address', { type: 'object', properties: { a: { $ref: 'https://example.com/schema.json' } } }],
  ['is broken', { type: 'nonsense' }],
])('a schema that %s lets everything pass', (_, schema) => {
  expect(check(schema, { a: 1 })).toEqual({ ok: true })
})

test('two schemas may call themselves the same', () => {
  const named = (type: string) => ({ $id: 'https://example.com/same', type: 'object', properties: { a: { type } } })
  expect(check(named('string'), { a: 'x' })).toEqual({ ok: true })
  expect(check(named('number'), { a: 'x' })).toMatchObject({ ok: false })
})

test('a pattern is checked, but one that could stall the process is not', () => {
  const withPattern = (pattern: string) => ({ type: 'object', properties: { a: { type: 'string', pattern } } })
  expect(check(withPattern('^[a-z]+$'), { a: 'ABC' })).toMatchObject({ ok: false })
  const startedAt = performance.now()
  for (const pattern of ['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '^((a*)*)*$', '^(?:a+){10,}$', '(a*)\\1*$']) {
    expect(check(withPattern(pattern), { a: `${'a'.repeat(40)}!` })).toEqual({ ok: true })
  }
  expect(performance.now() - startedAt).toBeLessThan(within(500))
})
