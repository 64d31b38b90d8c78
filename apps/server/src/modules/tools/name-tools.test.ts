import fc from 'fast-check'
import { expect, test } from 'vitest'
import { modelNameOf, slugOf } from './name-tools.ts'

test('a plain name stays as it is', () => {
  expect(modelNameOf('github', 'create_issue')).toBe('github__create_issue')
})

test.each([
  ['a.b', 'a_b'],
  ['ä', 'ö'],
  ['x'.repeat(100), `${'x'.repeat(99)}y`],
  ['a b', 'a.b'],
])('%s and %s do not meet', (one, other) => {
  expect(modelNameOf('s', one)).not.toBe(modelNameOf('s', other))
})

test('every name is one that providers take, and tells its server and tool apart from all others', () => {
  const seen = new Map<string, string>()
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.string({ minLength: 1, maxLength: 80 }), (server, tool) => {
      const name = modelNameOf(slugOf(server), tool)
      const of = JSON.stringify([slugOf(server), tool])
      expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/)
      expect(seen.get(name) ?? of).toBe(of)
      seen.set(name, of)
    }),
  )
})

test.each([
  ['My GitHub', 'my-github'],
  ['Café №1', 'cafe-no1'],
  ['日本', 'server'],
  ['__a__b__', 'a-b'],
])('%s becomes %s', (name, slug) => {
  expect(slugOf(name)).toBe(slug)
})
