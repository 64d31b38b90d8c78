import { expect, test } from 'vitest'
import { normaliseMath } from './math-syntax.ts'

test.each([
  ['a $x+y$ b', 'a $$x+y$$ b'],
  ['a \\(x\\) b', 'a $$x$$ b'],
  ['\\[ x \\]', '$$\nx\n$$'],
  ['$$E=mc^2$$', '$$\nE=mc^2\n$$'],
  ['$$\nx\n$$', '$$\nx\n$$'],
  ['- item \\[x\\]', '- item $$x$$'],
  ['it costs $5 and $10', 'it costs $5 and $10'],
  ['US$ 5 and US$ 6', 'US$ 5 and US$ 6'],
  ['`$x$` and \\$x$', '`$x$` and \\$x$'],
  ['```\n$x$ \\(y\\)\n```', '```\n$x$ \\(y\\)\n```'],
  ['    $x$', '    $x$'],
  ['`a` $x$ `b`', '`a` $$x$$ `b`'],
])('%j becomes %j', (source, result) => {
  expect(normaliseMath(source)).toBe(result)
})
