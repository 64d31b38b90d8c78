import type { WebOrigin } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'

const site = 'https://app.example.com'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const add = (origin: string) => server.owner.json<WebOrigin>('POST', '/api/v1/web-origins', { origin })
const list = async () =>
  (await server.owner.json<{ data: WebOrigin[] }>('GET', '/api/v1/web-origins')).data.map(({ origin }) => origin)

/** What a browser asks before it lets a page send a request with an API key. */
const ask = (origin: string, path = '/api/v1/conversations') =>
  server.anyone.fetch(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
      'sec-fetch-site': 'cross-site',
    },
  })

/** As a page of another site has a browser send it. */
const fromPage = (origin: string, headers: Record<string, string>) => ({
  origin,
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'cors',
  ...headers,
})

const allowed = (response: Response) => response.headers.get('access-control-allow-origin')

describe('the list', () => {
  test('is empty at first, takes origins as browsers name them, and gives them back', async () => {
    expect(await list()).toEqual([])
    const added = await add(' HTTPS://App.Example.com:443/ ')
    expect(added).toMatchObject({ origin: site, createdBy: 'Olivia Owner' })
    await add('http://localhost:5173')
    expect(await list()).toEqual(['http://localhost:5173', site])
    await server.owner.json('DELETE', `/api/v1/web-origins/${added.id}`)
    expect(await list()).toEqual(['http://localhost:5173'])
    await add(site)
  })

  test.each([
    '*',
    'null',
    'https://*.example.com',
    'https://example.com/path',
    'https://me@example.com',
    'https://example.com?x',
    'ftp://example.com',
    'javascript:alert(1)',
    'https://',
    '//example.com',
    'https://example.com\\evil',
    'https://a b.example',
  ])('does not take %s', async (origin) => {
    const before = await list()
    await expect(add(origin)).rejects.toThrow('400')
    expect(await list()).toEqual(before)
  })

  test('does not take the same twice', async () => {
    await expect(add(site)).rejects.toThrow(/409.*already/)
  })

  test('takes fifty', async () => {
    const room = 50 - (await list()).length
    const made = await Promise.all(Array.from({ length: room }, (_, i) => add(`https://site-${i}.example`)))
    await expect(add('https://one-more.example')).rejects.toThrow(/409.*50/)
    for (const { id } of made) await server.owner.json('DELETE', `/api/v1/web-origins/${id}`)
  })

  test('takes no site without HTTPS where Parley has it, but this machine', async () => {
    const secure = await startServer({ env: { PUBLIC_URL: 'https://chat.example.com' } })
    const post = (origin: string) => secure.owner.json('POST', '/api/v1/web-origins', { origin })
    await expect(post('http://app.example.com')).rejects.toThrow(/400.*https/)
    await post('http://localhost:3001')
    await secure.close()
  })
})

describe('a browser that asks first', () => {
  test('is told yes for a site on a list: which headers, and no cookies', async () => {
    const response = await ask(site)
    expect(response.status).toBe(204)
    expect(allowed(response)).toBe(site)
    expect(response.headers.get('access-control-allow-headers')).toContain('Authorization')
    expect(response.headers.get('access-control-allow-methods')).toContain('DELETE')
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
    expect(response.headers.get('vary')).toContain('Origin')
  })

  test.each(['https://evil.example', 'null', 'https://app.example.com.evil.example', 'http://app.example.com'])(
    'is told nothing for %s',
    async (origin) => expect(allowed(await ask(origin))).toBeNull(),
  )

  test('is told nothing outside of the API', async () => {
    for (const path of ['/', '/openapi.json', '/healthz']) expect(allowed(await ask(site, path))).toBeNull()
  })
})

describe('a page of another site', () => {
  const me = (headers: Record<string, string>) => server.anyone.fetch('/api/v1/me', { headers })
  const bearer = () => ({ authorization: server.owner.headers.authorization! })

  test('reads with a key where it is on the list, also what went wrong', async () => {
    const good = await me(fromPage(site, bearer()))
    expect([good.status, allowed(good)]).toEqual([200, site])
    expect(good.headers.get('access-control-expose-headers')).toContain('Parley-Run-Id')
    const bad = await me(fromPage(site, { authorization: 'Bearer nonsense' }))
    expect([bad.status, allowed(bad)]).toEqual([401, site])
  })

  test('gets event streams', async () => {
    const { id } = await server.owner.json<{ id: string }>('POST', '/api/v1/conversations', {})
    const response = await server.anyone.fetch(`/api/v1/conversations/${id}/messages`, {
      method: 'POST',
      headers: fromPage(site, { ...bearer(), accept: 'text/event-stream', 'content-type': 'application/json' }),
      body: JSON.stringify({ content: [{ type: 'text', text: 'Hello' }] }),
    })
    expect([response.status, allowed(response)]).toEqual([200, site])
    expect(await response.text()).toContain('RUN_FINISHED')
  })

  test('changes nothing where it is not, though its key is good', async () => {
    const response = await server.anyone.fetch('/api/v1/conversations', {
      method: 'POST',
      headers: fromPage('https://evil.example', { ...bearer(), 'content-type': 'application/json' }),
      body: '{"title":"From elsewhere"}',
    })
    expect([response.status, allowed(response)]).toEqual([403, null])
    expect(await (await server.owner.fetch('/api/v1/conversations')).text()).not.toContain('From elsewhere')
  })

  test('gets nothing with a cookie, not even where it is on the list', async () => {
    const login = await server.anyone.fetch('/api/v1/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: server.owner.email, password: server.owner.password }),
    })
    const cookie = login.headers.getSetCookie().map((line) => line.split(';')[0]!)
    const withCookie = { cookie: cookie.join('; ') }
    expect((await me(withCookie)).status).toBe(200)
    const response = await me(fromPage(site, withCookie))
    expect([response.status, allowed(response)]).toEqual([403, null])
  })

  test('is held to the list of the workspace that the key is for', async () => {
    const other = await server.owner.json<{ id: string }>('POST', '/api/v1/workspaces', { name: 'Another' })
    const elsewhere = { ...bearer(), 'parley-workspace': other.id }
    expect((await me(elsewhere)).status).toBe(200)
    const refused = await me(fromPage(site, elsewhere))
    expect([refused.status, allowed(refused)]).toEqual([403, null])
    const inOther = callerFor(server.url, elsewhere)
    await inOther.json('POST', '/api/v1/web-origins', { origin: 'https://only-there.example' })
    expect((await me(fromPage('https://only-there.example', elsewhere))).status).toBe(200)
    expect((await me(fromPage('https://only-there.example', bearer()))).status).toBe(403)
  })

  test('is out at once when it is taken off the list', async () => {
    const gone = await add('https://gone.example')
    expect((await me(fromPage('https://gone.example', bearer()))).status).toBe(200)
    await server.owner.json('DELETE', `/api/v1/web-origins/${gone.id}`)
    expect((await me(fromPage('https://gone.example', bearer()))).status).toBe(403)
    expect(allowed(await ask('https://gone.example'))).toBeNull()
  })

  test('cannot sign in, and opens no socket', async () => {
    const response = await server.anyone.fetch('/api/v1/auth/login', {
      method: 'POST',
      headers: fromPage(site, { 'content-type': 'application/json' }),
      body: JSON.stringify({ email: server.owner.email, password: server.owner.password }),
    })
    expect(response.status).toBe(403)
    expect(response.headers.getSetCookie()).toEqual([])
  })
})

test('a page of this server is no other site, by whatever name it was opened', async () => {
  const headers = { origin: 'https://another-name.example', 'sec-fetch-site': 'same-origin' }
  expect((await server.owner.fetch('/api/v1/me', { headers })).status).toBe(200)
})

test('a program that is no browser may say any origin, and is told nothing about it', async () => {
  const response = await server.owner.fetch('/api/v1/me', { headers: { origin: 'https://evil.example' } })
  expect([response.status, allowed(response)]).toEqual([200, null])
})
