import { connect } from 'node:net'
import type { CreatedApiKey, Problem } from '@parley/contract'
import { describe, expect, test } from 'vitest'
import { callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'
import { addressCheck, isCovered, normalNetwork } from './allowed-addresses.ts'

describe('an allow-list', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    [' 10.1.2.3/8 ', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['2001:db8:ffff::/32', '2001:db8::/32'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['192.0.2.1/32', '192.0.2.1'],
  ])('takes %j as %j', (given, stored) => {
    expect(normalNetwork(given)).toBe(stored)
    expect(normalNetwork(stored)).toBe(stored)
  })

  test.each([
    '',
    'example.com',
    '10.0.0',
    '10',
    '0x0a.0.0.1',
    '010.0.0.1',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '10.0.0.1/',
    '10.0.0.1/8/8',
    '2001:db8::/129',
    '::ffff:10.0.0.0/64',
    'fe80::1%eth0',
    '10.0.0.1:80',
    '*',
  ])('does not take %j', (text) => {
    expect(normalNetwork(text)).toBeUndefined()
  })

  test('allows what is in one of its networks, however the address is written', () => {
    const allowed = addressCheck(['10.0.0.0/8', '2001:db8::/32', '203.0.113.7'])!
    for (const address of ['10.255.0.1', '::ffff:10.1.2.3', '::ffff:a01:203', '2001:db8:1::9', '203.0.113.7']) {
      expect([address, allowed(address)]).toEqual([address, true])
    }
    for (const address of [
      '11.0.0.1',
      '203.0.113.8',
      '2001:db9::1',
      '::1',
      '',
      'localhost',
      '10.0.0.1:443',
      '167772161',
    ]) {
      expect([address, allowed(address)]).toEqual([address, false])
    }
    expect(addressCheck([])).toBeUndefined()
    // One family says nothing of the other.
    expect(addressCheck(['0.0.0.0/0'])!('2001:db8::1')).toBe(false)
    expect(addressCheck(['::/0'])!('10.0.0.1')).toBe(false)
  })

  test('covers another that is within it', () => {
    expect(isCovered('10.1.0.0/16', ['10.0.0.0/8'])).toBe(true)
    expect(isCovered('10.0.0.0/8', ['10.0.0.0/8'])).toBe(true)
    expect(isCovered('10.0.0.0/7', ['10.0.0.0/8'])).toBe(false)
    expect(isCovered('2001:db8::1', ['10.0.0.0/8', '2001:db8::/32'])).toBe(true)
  })
})

describe('a key from a foreign address', () => {
  const forged = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'cf-connecting-ip', 'true-client-ip', 'x-client-ip']

  async function ask(server: TestServer, key: string, headers: Record<string, string> = {}) {
    const caller = callerFor(server.url, { authorization: `Bearer ${key}` })
    const response = await caller.fetch('/api/v1/me', { headers })
    return [response.status, ((await response.json()) as Partial<Problem>).code]
  }
  /** The status line for a request with the header in several lines, which `fetch` would put into one. */
  async function twice(server: TestServer, key: string, lines: string[]): Promise<string> {
    const { port } = new URL(server.url)
    const socket = connect(Number(port), '127.0.0.1')
    const claims = lines.map((line) => `x-forwarded-for: ${line}`).join('\r\n')
    socket.write(
      `GET /api/v1/me HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\n${claims}\r\nconnection: close\r\n\r\n`,
    )
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    return answer.split('\r\n')[0]!
  }
  const makeKey = (server: TestServer, allowedAddresses: string[]) =>
    server.owner.json<CreatedApiKey>('POST', '/api/v1/api-keys', { name: 'Key', allowedAddresses })
  const refused = [403, 'address_not_allowed']
  const accepted = [200, undefined]

  test('is refused, whatever the headers claim', async () => {
    const server = await startServer()
    try {
      const foreign = await makeKey(server, ['192.0.2.0/24', '2001:db8::/32'])
      const home = await makeKey(server, ['127.0.0.1'])
      expect(await ask(server, foreign.key)).toEqual(refused)
      expect(await ask(server, home.key)).toEqual(accepted)
      for (const name of forged) {
        const value = name === 'forwarded' ? 'for=192.0.2.1' : '192.0.2.1'
        expect([name, await ask(server, foreign.key, { [name]: value })]).toEqual([name, refused])
        expect([name, await ask(server, home.key, { [name]: value })]).toEqual([name, accepted])
      }
      // A refused request is no use, and tells nobody else's address.
      const { data } = await server.owner.json<{ data: CreatedApiKey[] }>('GET', '/api/v1/api-keys')
      expect(data.find(({ id }) => id === foreign.id)).toMatchObject({ lastUsedAt: null, lastUsedAddress: null })
      expect(data.find(({ id }) => id === home.id)).toMatchObject({ lastUsedAddress: '127.0.0.1' })
    } finally {
      await server.close()
    }
  })

  test('behind a trusted proxy, only what the proxy itself says counts', async () => {
    const server = await startServer({ env: { PARLEY_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' } })
    try {
      const { key } = await makeKey(server, ['192.0.2.0/24', '2001:db8::/32'])
      const from = (value: string) => ask(server, key, { 'x-forwarded-for': value })
      expect(await from('192.0.2.1')).toEqual(accepted)
      expect(await from('2001:db8::7')).toEqual(accepted)
      expect(await from('::ffff:192.0.2.1')).toEqual(accepted)
      // Through two proxies of ours.
      expect(await from('192.0.2.1, 10.0.0.5')).toEqual(accepted)
      // The left part is what the sender made up; the proxy adds the address it saw at the right.
      expect(await from('192.0.2.1, 198.51.100.9')).toEqual(refused)
      expect(await from('192.0.2.1, 198.51.100.9, 10.0.0.5')).toEqual(refused)
      expect(await from('192.0.2.1 198.51.100.9')).toEqual(refused)
      expect(await from('not an address')).toEqual(refused)
      expect(await from('  192.0.2.1  ')).toEqual(accepted)
      // Nothing between commas says nothing.
      expect(await from('192.0.2.1, ,')).toEqual(accepted)
      expect(await from(',192.0.2.1,,198.51.100.9')).toEqual(refused)
      expect(await from('192.0.2.1, 127.0.0.1, 198.51.100.9')).toEqual(refused)
      expect(await from('192.0.2.1, 198.51.100.9:443')).toEqual(refused)
      expect(await from('192.0.2.1, [2001:db9::1]:443')).toEqual(refused)
      expect(await from('192.0.2.1, ::ffff:198.51.100.9')).toEqual(refused)
      for (const odd of [
        '0300.0.2.1',
        '0xc0000201',
        '3221225985',
        '192.0.513',
        '192.0.2.1%eth0',
        '192.0.2.1\t198.51.100.9',
      ]) {
        expect([odd, await from(odd)]).toEqual([odd, refused])
      }
      // Whoever else claims to know it is not asked.
      for (const name of forged.filter((each) => each !== 'x-forwarded-for')) {
        const value = name === 'forwarded' ? 'for=192.0.2.1' : '192.0.2.1'
        const headers = { 'x-forwarded-for': '198.51.100.9', [name]: value }
        expect([name, await ask(server, key, headers)]).toEqual([name, refused])
      }
      // Two lines of the header are one list, whose right end counts.
      expect(await twice(server, key, ['192.0.2.1', '198.51.100.9'])).toContain('403')
      expect(await twice(server, key, ['198.51.100.9', '192.0.2.1'])).toContain('200')
      expect(await ask(server, key)).toEqual(refused)
    } finally {
      await server.close()
    }
  })

  test('behind a proxy that is not trusted, it is the proxy that asks', async () => {
    const server = await startServer({ env: { PARLEY_TRUSTED_PROXIES: '10.0.0.1' } })
    try {
      const { key } = await makeKey(server, ['192.0.2.0/24'])
      expect(await ask(server, key, { 'x-forwarded-for': '192.0.2.1' })).toEqual(refused)
    } finally {
      await server.close()
    }
  })
})
