import { expect, test } from 'vitest'
import { fieldText, readWhole } from './whole-number.ts'

test.each([
  ['', null],
  ['  ', null],
  ['100', 100],
  ['1,000,000', 1_000_000],
  ['1.000.000', 1_000_000],
  ['1 000', 1_000],
  ['2.5', undefined],
  ['1,00', undefined],
  ['0', undefined],
  ['-5', undefined],
  ['ten', undefined],
  ['1e9', undefined],
  [',', undefined],
  ['99999999999999', undefined],
])('“%s” is read as %s', (text, value) => expect(readWhole(text)).toBe(value))

test('what is shown is read as what it was', () => {
  for (const figure of [null, 1, 10_000_000]) expect(readWhole(fieldText(figure))).toBe(figure)
})
