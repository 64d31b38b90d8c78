import { expect, test } from 'vitest'
import { safeLink } from './safe-url.ts'
import { hostToShow } from './shown-host.ts'

const shown = (href: string, text: string, fromOutside = false) => hostToShow(safeLink(href)!, text, fromOutside)

test.each([
  ['https://evil.example/', 'https://bank.example/'],
  ['https://evil.example/', 'bank.example'],
  ['https://evil.example/', 'bank.example (not evil.example)'],
  ['https://evil.example/', 'evil.example.bank.example'],
  ['https://bank.example.evil.example/', 'bank.example'],
  ['https://evil.example/', ''],
  ['https://evil.example/', ' \u00a0.'],
  ['https://evil.example/', '\u2800'],
  ['https://evil.example/', '\u3164'],
  ['https://xn--bnk-tla.example/', 'bänk.example'],
  ['https://xn--e1awd7f.com/', 'epic.com'],
])('%s called %j shows its host', (href, text) => expect(shown(href, text)).toBe(new URL(href).host))

test.each([
  ['https://example.com/a', 'the manual'],
  ['https://example.com/a', 'example.com'],
  ['https://www.example.com/a', 'https://example.com/a'],
  ['https://example.com:8443/', 'example.com:8443'],
  ['https://example.com/', 'version 2.5'],
  ['/settings', ''],
])('%s called %j does not need to', (href, text) => expect(shown(href, text)).toBeUndefined())

test('in a text from outside every link shows its host, unless its text is the host', () => {
  expect(shown('https://evil.example/', 'the manual', true)).toBe('evil.example')
  expect(shown('https://evil.example/', 'evil.example', true)).toBeUndefined()
})
