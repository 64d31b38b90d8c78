import { expect, test } from 'vitest'
import { fieldsOf, toArguments, toFormValues } from './schema-fields.ts'

const schema = {
  type: 'object',
  properties: {
    note: { type: 'string', title: 'A note' },
    path: { type: 'string', description: 'Where' },
    count: { type: 'integer' },
    mode: { enum: ['fast', 'slow'] },
    deep: { type: 'boolean' },
    tags: { type: 'array' },
  },
  required: ['path', 'count'],
}

test('asks for what is required first and gives back typed arguments', () => {
  const fields = fieldsOf(schema)
  expect(fields.map(({ name, kind }) => `${name}:${kind}`)).toEqual([
    'path:text',
    'count:number',
    'note:text',
    'mode:choice',
    'deep:boolean',
    'tags:json',
  ])
  const args = { path: '/a', tags: ['x'], kept: 1 }
  const values = { ...toFormValues(fields, args), count: '3', mode: 'slow', deep: 'true' }
  expect(toArguments(fields, values, args)).toEqual({
    arguments: { kept: 1, path: '/a', count: 3, mode: 'slow', deep: true, tags: ['x'] },
  })
})

test('says of each field what is wrong with it', () => {
  const fields = fieldsOf(schema)
  expect(toArguments(fields, { path: '', count: 'many', tags: '[' }, {})).toEqual({
    problems: { path: 'Needed.', count: 'Has to be a number.', tags: 'Has to be JSON.' },
  })
})

test('a schema that is no object has no fields', () => {
  expect(fieldsOf({})).toEqual([])
  expect(fieldsOf({ properties: null, required: 'x' })).toEqual([])
})
