import { expect, test } from 'vitest'
import { allowsAddress, allowsHost, parseEgressAllow } from './egress-allow.ts'

test('nothing is allowed by default', () => {
  for (const text of [undefined, '', ' , ']) expect(parseEgressAllow(text)).toEqual({ allow: [], problems: [] })
})

test.each([
  ['localhost:11434', 'localhost', 11434, true],
  ['localhost:11434', 'localhost', 80, false],
  ['LocalHost', 'localhost.', 80, true],
  ['*.corp.example', 'a.b.corp.example', 443, true],
  ['*.corp.example', 'corp.example', 443, false],
  ['*.corp.example', 'evilcorp.example', 443, false],
  ['*.corp.example:443', 'a.corp.example', 80, false],
  ['bücher.example', 'xn--bcher-kva.example', 443, true],
  ['my_host', 'my_host', 443, true],
  ['*', 'anything', 1234, true],
  ['*:443', 'anything', 80, false],
  ['10.0.0.0/8', 'localhost', 80, false],
])('%s for host %s port %d: %s', (text, host, port, expected) => {
  const { allow, problems } = parseEgressAllow(text)
  expect(problems).toEqual([])
  expect(allowsHost(allow, host, port)).toBe(expected)
})

test.each([
  ['10.0.0.5:8080', '10.0.0.5', 8080, true],
  ['10.0.0.5:8080', '10.0.0.5', 80, false],
  ['10.0.0.5', '10.0.0.6', 80, false],
  ['10.0.0.0/8', '10.255.0.1', 80, true],
  ['10.0.0.0/8', '11.0.0.1', 80, false],
  ['10.0.0.0/8', '::ffff:10.0.0.1', 80, false],
  ['10.0.0.0/8:8080', '10.0.0.1', 80, false],
  ['[::1]:8080', '::1', 8080, true],
  ['::1', '::1', 80, true],
  ['fd00::/8', 'fd12::1', 80, true],
  ['[fd00::/8]:443', 'fd12::1', 80, false],
  ['*.example', '10.0.0.1', 80, false],
])('%s for address %s port %d: %s', (text, address, port, expected) => {
  const { allow, problems } = parseEgressAllow(text)
  expect(problems).toEqual([])
  expect(allowsAddress(allow, address, port)).toBe(expected)
})

test('every entry that makes no sense is told with a remedy, and the others stay', () => {
  const wrong = [
    'http://ollama:11434/v1',
    '127.1',
    '0x7f.1',
    'a b',
    'me@host',
    'host:0',
    'host:70000',
    'host:',
    'host?x',
    'host#x',
    'host\\x',
    '10.0.0.0/33',
    '*.',
    '**',
    '[]',
  ]
  const { allow, problems } = parseEgressAllow(['localhost:1234', ...wrong].join(','))
  expect(allow).toEqual([{ host: 'localhost', port: 1234 }])
  expect(problems.map((problem) => /"(.*)"/.exec(problem)?.[1])).toEqual(wrong)
  expect(problems[0]).toBe(
    'PARLEY_EGRESS_ALLOW: "http://ollama:11434/v1" is a URL. Write the host and port alone, such as ollama:11434.',
  )
})
