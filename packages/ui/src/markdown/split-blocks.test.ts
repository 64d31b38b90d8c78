import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type SplitText, splitBlocks } from './split-blocks.ts'

const pieces = [
  'word',
  ' ',
  '\n',
  '\n\n',
  '  ',
  '    ',
  '\t',
  '\r\n',
  '# ',
  '## a\n',
  '---',
  '===',
  '- ',
  '* ',
  '+ ',
  '1. ',
  '2',
  '2)',
  '.',
  '- [ ] task\n',
  '```',
  '~~~',
  '```js\ncode\n',
  '> ',
  '>',
  '|',
  '| a | b |\n',
  '|---|---|\n',
  '| 1 | 2 |\n',
  '$$',
  '$',
  '\\[',
  '\\]',
  '\\(',
  '\\)',
  '**',
  '_',
  '`',
  '<div>',
  '</div>',
  '<!-- ',
  ' -->',
  '<script>',
  '</script>',
  '<',
  '[a]: /x',
  '\n"title"',
  '[^1]: note',
  '[x](y)',
  '![i](j)',
  '\\',
  'é',
  '😀',
  '=',
  '-',
  "'",
  '"',
  '(',
]
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(''))

test('however the text arrives, the blocks are those of the whole text', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat({ max: 6 }), { maxLength: 60 }), (whole, steps) => {
      let split: SplitText | undefined
      let length = 0
      for (const step of steps) {
        length = Math.min(whole.length, length + step)
        split = splitBlocks(whole.slice(0, length), split)
      }
      split = splitBlocks(whole, split)
      expect(split.blocks).toEqual(splitBlocks(whole).blocks)
      expect(split.blocks.join('')).toBe(whole.replace(/\r\n?/g, '\n'))
    }),
    { numRuns: 2000 },
  )
})

test('finished blocks stay the same strings while the text grows', () => {
  const before = splitBlocks('# One\n\nTwo\n\n- three\n\nFour\n\nFi')
  const after = splitBlocks('# One\n\nTwo\n\n- three\n\nFour\n\nFive **six**\n\nSeven', before)
  expect(after.blocks.slice(0, 4)).toEqual(before.blocks.slice(0, 4))
  expect(after.blocks).toHaveLength(6)
})

test('a text that is not a continuation is cut from its start', () => {
  const before = splitBlocks('a\n\nb\n\nc\n\nd')
  expect(splitBlocks('x\n\ny', before).blocks).toEqual(['x\n\n', 'y'])
})

test.each([
  ['a formula with blank lines', 'a\n\n$$\nx\n\ny\n$$\n\nb', ['a\n\n', '$$\nx\n\ny\n$$\n\n', 'b']],
  ['a formula still open', 'a\n\n$$\nx\n\ny', ['a\n\n', '$$\nx\n\ny']],
  ['a formula in brackets', '\\[\nx\n\\]\n\nb', ['\\[\nx\n\\]\n\n', 'b']],
  ['an escaped bracket is no formula', '\\[1\\] note\n\nb', ['\\[1\\] note\n\n', 'b']],
  ['code with blank lines', '```\na\n\nb\n```\nc', ['```\na\n\nb\n```\n', 'c']],
  ['a loose list', '- a\n\n- b\n\nc', ['- a\n\n- b\n\n', 'c']],
])('%s', (_, source, blocks) => {
  expect(splitBlocks(source).blocks).toEqual(blocks)
})
