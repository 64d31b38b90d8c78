import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ConnectProxy, startConnectProxy } from '../../testing/connect-proxy.ts'
import { elsewhere, hostileNames, loopback, publicAddress } from '../../testing/hostile-addresses.ts'
import { createEgress, type Egress, EgressRefused, egressFetch, guardedFetch, parseEgressAllow } from './index.ts'

let site: Server
let port: number
let hosts: (string | undefined)[] = []
let proxy: ConnectProxy
const egresses: Egress[] = []

beforeAll(async () => {
  proxy = await startConnectProxy()
  site = createServer((request, response) => {
    hosts.push(request.headers.host)
    if (request.url === '/away') response.writeHead(302, { location: 'http://inside.example/' }).end()
    else response.end('hello')
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  port = (site.address() as AddressInfo).port
  proxy.leadTo = port
})
beforeEach(() => {
  hosts = []
  proxy.asked = []
  proxy.refuse = undefined
})
afterEach(() => Promise.all(egresses.splice(0).map((egress) => egress.close())))
afterAll(() => {
  proxy.close()
  site.close()
})

const names = { ...hostileNames, 'public.example': [[publicAddress]] }

function open(allow = '', url = proxy.url): Egress {
  const egress = createEgress({
    allow: parseEgressAllow(allow).allow,
    proxy: new URL(url),
    async resolveName(hostname) {
      return ((names as Record<string, string[][]>)[hostname]?.[0] ?? []).map((address) => ({
        address,
        family: address.includes(':') ? 6 : 4,
      }))
    },
  })
  egresses.push(egress)
  return egress
}

test('what is public goes through the proxy, to the address that was checked', async () => {
  const response = await guardedFetch(open(), 'http://public.example:8080/page')
  expect(response.body.toString()).toBe('hello')
  expect(proxy.asked).toEqual([`${publicAddress}:8080`])
  expect(hosts).toEqual(['public.example:8080'])
})

test('an address of version 6 is asked for in brackets', async () => {
  await guardedFetch(open(), 'http://[2606:4700::1111]:8080/')
  expect(proxy.asked).toEqual(['[2606:4700::1111]:8080'])
})

test('with TLS the proxy sees nothing but the address: the handshake is with the site', async () => {
  // The site speaks no TLS; what matters is that it was led there, and that the request was not sent in the clear.
  await expect(guardedFetch(open(), 'https://public.example/secret')).rejects.toThrow()
  expect(proxy.asked).toEqual([`${publicAddress}:443`])
  expect(hosts).toEqual([])
})

test.each([...new Set([...loopback, ...elsewhere])])('%s is refused before the proxy is asked', async (host) => {
  await expect(guardedFetch(open(), `http://${host}:8080/`)).rejects.toThrow(EgressRefused)
  expect(proxy.asked).toEqual([])
})

test('a redirect to a private address is refused as well', async () => {
  await expect(guardedFetch(open(), 'http://public.example/away')).rejects.toThrow(EgressRefused)
  expect(proxy.asked).toEqual([`${publicAddress}:80`])
})

test('a private address that the operator allowed is reached directly', async () => {
  const response = await guardedFetch(open(`inside.example:${port}`), `http://inside.example:${port}/`)
  expect(response.status).toBe(200)
  expect(proxy.asked).toEqual([])
})

test("the operator's own addresses: private ones directly, public ones and unknown names by the proxy", async () => {
  const fetch = egressFetch(open().trusted)
  await (await fetch(`http://127.0.0.1:${port}/`)).text()
  await (await fetch(`http://inside.example:${port}/`)).text()
  expect(proxy.asked).toEqual([])
  await (await fetch('http://public.example/')).text()
  await (await fetch('http://known-to-the-proxy.example/')).text()
  expect(proxy.asked).toEqual([`${publicAddress}:80`, 'known-to-the-proxy.example:80'])
})

test('the proxy is told who asks, if its address says so', async () => {
  await guardedFetch(open('', proxy.url.replace('//', '//me:s%3Acret@')), 'http://public.example/')
  expect(proxy.credentials).toBe(`Basic ${Buffer.from('me:s:cret').toString('base64')}`)
})

test('a proxy that refuses, or is away, is an error that does not name it', async () => {
  proxy.refuse = 407
  const refused = await guardedFetch(open(), 'http://public.example/').catch((error: Error) => error.cause)
  expect(String(refused)).toContain('The proxy for outgoing requests answered 407.')
  const away = await guardedFetch(open('', 'http://me:secret@127.0.0.1:1'), 'http://public.example/').catch(
    (error: Error) => error.cause,
  )
  expect(String(away)).toContain('The proxy for outgoing requests cannot be reached.')
  expect(hosts).toEqual([])
})
