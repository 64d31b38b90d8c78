import type { SourcePart } from '@parley/contract'
import { expect, test } from 'vitest'
import { linkCitations } from './link-citations.ts'

const source = (number: number, url: string): SourcePart => ({
  type: 'source',
  number,
  title: 'T',
  url,
  excerpt: '',
  origin: 'system',
  step: 1,
})

test('links numbers that have a source, and nothing else', () => {
  const sources = [source(1, '/docs/models#add'), source(2, 'https://a.example/x y')]
  expect(linkCitations('Do it [1], then [2] or [3].', sources)).toBe(
    'Do it [&#91;1&#93;](</docs/models#add>), then [&#91;2&#93;](<https://a.example/x%20y>) or [3].',
  )
  for (const text of ['`a[1]`', '```\nx[1]\n```', '```\nopen [1]', '[1](/elsewhere)', '[1]: /reference', '[a][1]']) {
    expect(linkCitations(text, sources)).toBe(text)
  }
})
