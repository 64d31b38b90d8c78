import { expect, test } from 'vitest'
import { parsePairs, splitCommand } from './parse-input.ts'

test('splits a command line as a shell would', () => {
  expect(splitCommand(`npx -y server '/a b' "c \\"d\\"" e\\ f --x="1 2"`)).toEqual([
    'npx',
    '-y',
    'server',
    '/a b',
    'c "d"',
    'e f',
    '--x=1 2',
  ])
  expect(splitCommand('  ')).toEqual([])
})

test('reads names and values, also values that hold the separator', () => {
  expect(parsePairs('Authorization: Bearer a:b\n\n: none\nX-A:1', ':')).toEqual({
    Authorization: 'Bearer a:b',
    'X-A': '1',
  })
  expect(parsePairs('KEY=a=b', '=')).toEqual({ KEY: 'a=b' })
})
