import { expect, test } from 'vitest'
import { formatMonth, moneyText, readMoney } from './format-money.ts'

test.each([
  ['20', 20_000_000],
  ['$ 19.99', 19_990_000],
  ['1,234.50', 1_234_500_000],
  ['12,5', 12_500_000],
  ['0', 0],
  ['', null],
  ['free', undefined],
  ['-3', undefined],
  ['1.999', undefined],
  ['1.2.3', undefined],
])('%j is %j', (text, expected) => {
  expect(readMoney(text)).toBe(expected)
})

test('what a field shows is read as the same amount', () => {
  for (const cents of [0, 1, 50, 1999, 123_456]) expect(readMoney(moneyText(cents * 10_000))).toBe(cents * 10_000)
})

test('a month belongs to no time zone', () => {
  expect(formatMonth('2026-11')).toContain('2026')
})
