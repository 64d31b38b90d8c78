import { expect, test } from 'vitest'
import { safeImage, safeLink } from './safe-url.ts'

test.each([
  ['https://example.org/a?b#c', { href: 'https://example.org/a?b#c', external: true, host: 'example.org' }],
  ['//evil.example/x', { href: 'https://evil.example/x', external: true, host: 'evil.example' }],
  ['/\\evil.example/x', { href: 'https://evil.example/x', external: true, host: 'evil.example' }],
  ['https:evil.example', { href: 'https://evil.example/', external: true, host: 'evil.example' }],
  ['/c/1?x=2', { href: '/c/1?x=2', external: false, host: '' }],
  ['/a/..//evil.example/x', { href: '/evil.example/x', external: false, host: '' }],
  ['#part', { href: '#part', external: false, host: '' }],
  ['mailto:a@example.org', { href: 'mailto:a@example.org', external: false, host: 'a@example.org' }],
])('%s may be followed', (address, link) => {
  expect(safeLink(address)).toEqual(link)
})

test.each([
  'javascript:alert(1)',
  ' \u0001javascript:alert(1)',
  'java\nscript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'vbscript:x',
  'data:text/html,<script>',
  'file:///etc/passwd',
  'blob:https://example.org/1',
  'intent://x',
  'ssh://host',
  'https://user:pass@example.org/',
  'https://[bad',
])('%j may not', (address) => {
  expect(safeLink(address)).toBeUndefined()
})

test.each([
  ['/api/v1/files/1', '/api/v1/files/1'],
  ['data:image/png;base64,AAAA', 'data:image/png;base64,AAAA'],
  ['https://evil.example/a.png', undefined],
  ['//evil.example/api/a.png', undefined],
  ['/\\evil.example/api/a.png', undefined],
  ['/api/../../x.png', undefined],
  ['/elsewhere.png', undefined],
  ['data:image/svg+xml,<svg onload=alert(1)>', undefined],
  ['data:text/html,x', undefined],
])('an image at %s is loaded from %s', (address, source) => {
  expect(safeImage(address)).toBe(source)
})
