import fc from 'fast-check'
import { expect, test } from 'vitest'
import { within } from '../../testing/pace.ts'
import { excessOf } from './json-body.ts'

const bytes = (text: string) => Buffer.from(text)

/** Arrays and objects within each other, counted on what JSON.parse made. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

test('depth is as JSON.parse has it, whatever is within the texts', () => {
  const text = fc.string({ unit: fc.constantFrom('[', '{', ']', '}', '"', '\\', ',', ':', 'é', '😀') })
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'medium' },
      text,
      fc.integer(),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(text, tie('tree'), { maxKeys: 3 }),
    ),
  }))
  fc.assert(
    fc.property(tree, fc.integer({ min: 0, max: 64 }), (value, wrapped) => {
      const json = '['.repeat(wrapped) + JSON.stringify(value) + ']'.repeat(wrapped)
      expect(excessOf(bytes(json)) !== undefined).toBe(wrapped + depthOf(value) > 64)
    }),
  )
})

test('64 levels pass, 65 do not', () => {
  const nested = (levels: number) => bytes(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)
  expect(excessOf(nested(64))).toBeUndefined()
  expect(excessOf(nested(65))).toMatchObject({ code: 'invalid_request' })
})

test('100,000 values pass, more do not; keys count as well', () => {
  const list = (length: number) => bytes(`[${'0,'.repeat(length)}0]`)
  expect(excessOf(list(100_000))).toBeUndefined()
  expect(excessOf(list(100_001))).toMatchObject({ code: 'payload_too_large' })
  expect(excessOf(bytes(`{${'"a":0,'.repeat(50_001)}"a":0}`))).toMatchObject({ code: 'payload_too_large' })
})

test.each([
  ['a long text', `"${'a,[{'.repeat(500_000)}"`],
  ['quotes without end', '"'.repeat(2_000_001)],
  ['escaped quotes', `"${'\\"'.repeat(1_000_000)}"`],
  ['backslashes', `"${'\\'.repeat(2_000_000)}`],
  ['nothing but brackets', '['.repeat(2_000_000)],
  ['brackets that close', '[]'.repeat(1_000_000)],
])('two megabytes of %s take no time', (_what, json) => {
  const startedAt = performance.now()
  excessOf(bytes(json))
  expect(performance.now() - startedAt).toBeLessThan(within(60))
})
