import { expect, test } from 'vitest'
import { completeTail } from './complete-tail.ts'

test.each([
  ['some **bold', 'some **bold**'],
  ['some **bold ', 'some **bold**'],
  ['some **bold*', 'some **bold**'],
  ['some **', 'some '],
  ['**a** and *b', '**a** and *b*'],
  ['**a _b', '**a _b_**'],
  ['snake_case_word', 'snake_case_word'],
  ['3 * 4 * 5', '3 * 4 * 5'],
  ['~~gone', '~~gone~~'],
  ['run `npm', 'run `npm`'],
  ['run `', 'run '],
  ['`a` and ``b`c', '`a` and ``b`c``'],
  ['see [the docs](https://exam', 'see the docs'],
  ['see [the do', 'see the do'],
  ['see [a](b) and [c](d', 'see [a](b) and c'],
  ['see ![a picture](https://x', 'see '],
  ['- one\n- **two', '- one\n- **two**'],
  ['- one\n-', '- one\n'],
  ['Title\n--', 'Title\n'],
  ['##', ''],
  ['- [ ] open', '- [ ] open'],
  ['| a | b', '| a | b |\n| --- | --- |'],
  ['| a | b |\n|--', '| a | b |\n| --- | --- |'],
  ['| a | b |\n|---|---|\n| **1', '| a | b |\n|---|---|\n| **1**'],
  ['```js\nlet a\n``', '```js\nlet a\n'],
  ['```js\nlet a = "**b', '```js\nlet a = "**b'],
  ['```js\nlet a\n```', '```js\nlet a\n```'],
  ['$$\nx = \\frac{1', '~~~parley-pending-math\nx = \\frac{1\n~~~'],
  ['\\[\nx', '~~~parley-pending-math\nx\n~~~'],
  ['$$\nx\n$$', '$$\nx\n$$'],
  ['plain text', 'plain text'],
  ['', ''],
])('%j is shown as %j', (growing, shown) => {
  expect(completeTail(growing)).toBe(shown)
})
