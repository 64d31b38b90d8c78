import type { Problem, Session, SignedIn } from '@parley/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../../platform/context.ts'
import { eventually } from '../../../testing/eventually.ts'
import { outboxMails } from '../../../testing/outbox-mails.ts'
import { type ScriptedModel, startScriptedModel } from '../../../testing/scripted-model.ts'
import { startServer, type TestServer } from '../../../testing/start-server.ts'
import { openTestBrowser, type TestBrowser } from '../../../testing/test-browser.ts'

let server: TestServer
let model: ScriptedModel
let people = 0
const password = 'correct horse battery'

beforeAll(async () => {
  model = await startScriptedModel()
  const connected = { OPENAI_BASE_URL: model.openaiBaseUrl, OPENAI_API_KEY: 'sk-test' }
  server = await startServer({ env: { PARLEY_SIGNUP: 'open', PARLEY_TRUSTED_PROXIES: '127.0.0.1', ...connected } })
})
afterAll(async () => {
  await server.close()
  await model.close()
})
afterEach(() => {
  server.platform.clock = systemClock
})

async function makePerson() {
  const email = `session-${++people}@example.com`
  const browser = openTestBrowser(server.url)
  const signedIn = await browser.json<SignedIn>('POST', 'auth/register', { email, password, name: 'Pat' })
  return { email, id: signedIn.user.id, browser, signedIn }
}

async function signIn(email: string, more: Record<string, string> = {}) {
  const browser = openTestBrowser(server.url, more)
  return { browser, signedIn: await browser.json<SignedIn>('POST', 'auth/login', { email, password }) }
}

const sessionsOf = async (browser: TestBrowser) => (await browser.json<{ data: Session[] }>('GET', 'me/sessions')).data

describe('the list of sessions', () => {
  test('tells device, place, time zone and last use, and which one asks', async () => {
    const { email, browser } = await makePerson()
    const phone = await signIn(email, {
      'user-agent':
        'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
      'x-forwarded-for': '10.1.2.3',
      'parley-time-zone': 'Europe/Berlin',
    })
    const list = await sessionsOf(browser)
    expect(
      list.map(({ current, browser: name, system, device, network, timeZone }) => ({
        current,
        name,
        system,
        device,
        network,
        timeZone,
      })),
    ).toEqual([
      {
        current: false,
        name: 'Safari 19',
        system: 'iOS',
        device: 'phone',
        network: 'private',
        timeZone: 'Europe/Berlin',
      },
      { current: true, name: 'Chrome 141', system: 'Linux', device: 'computer', network: 'internet', timeZone: null },
    ])
    expect(list[0]?.address).toBe('10.1.2.3')
    expect((await sessionsOf(phone.browser)).map(({ current }) => current)).toEqual([true, false])
    // A minute later, on the way.
    server.platform.clock = { now: () => new Date(Date.now() + 61_000) }
    const moved = { ...phone.browser.headers(), 'x-forwarded-for': '203.0.113.9', 'parley-time-zone': 'Asia/Tokyo' }
    await fetch(`${server.url}/api/v1/me`, { headers: moved })
    const other = (await sessionsOf(browser)).find(({ current }) => !current)
    expect(other).toMatchObject({ address: '203.0.113.9', network: 'internet', timeZone: 'Asia/Tokyo' })
    for (const nonsense of ['Mars/Phobos', '<script>', 'x'.repeat(500)]) {
      server.platform.clock = { now: () => new Date(Date.now() + 200_000 + nonsense.length) }
      await fetch(`${server.url}/api/v1/me`, { headers: { ...moved, 'parley-time-zone': nonsense } })
      expect((await sessionsOf(browser)).find(({ current }) => !current)?.timeZone).toBe('Asia/Tokyo')
    }
  })

  test('shows nobody else’s, and ends nobody else’s', async () => {
    const one = await makePerson()
    const two = await makePerson()
    const [session] = await sessionsOf(one.browser)
    const refused = await two.browser.send('DELETE', `me/sessions/${session?.id}`)
    expect([refused.status, refused.body.code]).toEqual([404, 'not_found'])
    expect((await sessionsOf(two.browser)).map(({ id }) => id)).not.toContain(session?.id)
    expect((await one.browser.send('GET', 'me')).status).toBe(200)
  })
})

describe('revoking', () => {
  test('one ends its cookie, access token and refresh token at once, and no other', async () => {
    const { email, browser } = await makePerson()
    const other = await signIn(email)
    expect((await other.browser.send('GET', 'me')).status).toBe(200)
    const id = (await sessionsOf(browser)).find(({ current }) => !current)?.id
    expect((await browser.send('DELETE', `me/sessions/${id}`)).status).toBe(204)
    const { accessToken, refreshToken } = other.signedIn
    expect((await other.browser.send('GET', 'me')).status).toBe(401)
    const bearer = await fetch(`${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${accessToken}` } })
    expect(bearer.status).toBe(401)
    expect((await other.browser.send('POST', 'auth/refresh', { refreshToken })).status).toBe(401)
    expect((await browser.send('GET', 'me')).status).toBe(200)
    expect((await browser.send('DELETE', `me/sessions/${id}`)).status).toBe(404)
  })

  test('all others leaves this one', async () => {
    const { email, browser } = await makePerson()
    const others = [await signIn(email), await signIn(email), await signIn(email)]
    expect(await browser.json('POST', 'me/sessions/revoke-others')).toEqual({ revoked: 3 })
    for (const other of others) expect((await other.browser.send('GET', 'me')).status).toBe(401)
    expect(await sessionsOf(browser)).toHaveLength(1)
    expect(await browser.json('POST', 'me/sessions/revoke-others')).toEqual({ revoked: 0 })
  })

  test('closes the session’s socket and event stream at once, and no others', async () => {
    const { email, browser } = await makePerson()
    const other = await signIn(email)
    const sockets = await Promise.all([openSocket(browser), openSocket(other.browser)])
    const streams = await Promise.all([openStream(browser), openStream(other.browser)])
    const id = (await sessionsOf(browser)).find(({ current }) => !current)?.id
    const begun = performance.now()
    await browser.json('DELETE', `me/sessions/${id}`)
    await eventually(() => expect([sockets[1].closed(), streams[1].ended()]).toEqual([1008, true]))
    expect(performance.now() - begun).toBeLessThan(2_000)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect([sockets[0].closed(), streams[0].ended()]).toEqual([undefined, false])
    sockets[0].close()
    await streams[0].cancel()
  })
})

async function openSocket(browser: TestBrowser) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/ws`, { headers: browser.headers() })
  let code: number | undefined
  socket.on('close', (closed) => {
    code = closed
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return { closed: () => code, close: () => socket.close() }
}

/** The events of an answer that takes its time. */
async function openStream(browser: TestBrowser) {
  const { id } = await browser.json<{ id: string }>('POST', 'conversations', {})
  const left = new AbortController()
  const response = await fetch(`${server.url}/api/v1/conversations/${id}/messages`, {
    method: 'POST',
    headers: { ...browser.headers(), accept: 'text/event-stream', 'content-type': 'application/json' },
    body: JSON.stringify({ content: '!slow 300 words 20ms' }),
    signal: left.signal,
  })
  expect(response.status).toBe(200)
  let ended = false
  const reader = response.body!.getReader()
  void (async () => {
    try {
      while (!(await reader.read()).done);
    } catch {
      // cut off
    }
    ended = true
  })()
  return {
    ended: () => ended,
    cancel: async () => left.abort(),
  }
}

describe('refresh tokens', () => {
  const refresh = (refreshToken: string) =>
    openTestBrowser(server.url).send<SignedIn & Problem>('POST', 'auth/refresh', { refreshToken })
  const meWith = async (accessToken: string) =>
    (await fetch(`${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${accessToken}` } })).status

  test('two windows that refresh at once get the same tokens, and the session goes on', async () => {
    const { signedIn } = await makePerson()
    const windows = await Promise.all(Array.from({ length: 5 }, () => openRefresh(signedIn.refreshToken)))
    expect(windows.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(new Set(windows.map(({ body }) => body.refreshToken)).size).toBe(1)
    expect(new Set(windows.map(({ session }) => session)).size).toBe(1)
    const next = await refresh(windows[0]!.body.refreshToken)
    expect(next.status).toBe(200)
    expect(await meWith(next.body.accessToken)).toBe(200)
  })

  async function openRefresh(refreshToken: string) {
    const browser = openTestBrowser(server.url)
    const { status, body } = await browser.send<SignedIn>('POST', 'auth/refresh', { refreshToken })
    const session = browser.cookies.get('parley_session')
    expect((await browser.send('GET', 'me')).status).toBe(200)
    return { status, body, session }
  }

  test('a reused refresh token revokes its family', async () => {
    const { signedIn } = await makePerson()
    const stolen = signedIn.refreshToken
    const next = await refresh(stolen)
    expect(next.status).toBe(200)
    server.platform.clock = { now: () => new Date(Date.now() + 10_001) }
    const reused = await refresh(stolen)
    expect([reused.status, reused.body.code]).toEqual([401, 'unauthenticated'])
    expect(await meWith(next.body.accessToken)).toBe(401)
    expect((await refresh(next.body.refreshToken)).status).toBe(401)
  })

  test('one from before the last revokes the family even within seconds', async () => {
    const { signedIn } = await makePerson()
    const second = await refresh(signedIn.refreshToken)
    const third = await refresh(second.body.refreshToken)
    expect((await refresh(second.body.refreshToken)).body.refreshToken).toBe(third.body.refreshToken)
    expect((await refresh(signedIn.refreshToken)).status).toBe(401)
    expect((await refresh(third.body.refreshToken)).status).toBe(401)
    expect(await meWith(third.body.accessToken)).toBe(401)
  })

  test('of another family, made up, or of an ended session, are nobody’s', async () => {
    const one = await makePerson()
    const two = await makePerson()
    const [family] = one.signedIn.refreshToken.split('.')
    const [, token] = two.signedIn.refreshToken.split('.')
    expect((await refresh(`${two.signedIn.refreshToken.split('.')[0]}x.${token}`)).status).toBe(401)
    expect((await two.browser.send('GET', 'me')).status).toBe(200)
    // Only who knows the family's own secret can end it.
    expect((await refresh(`${family}.${token}`)).status).toBe(401)
    expect((await one.browser.send('GET', 'me')).status).toBe(401)
  })
})

describe('a browser that was never used before', () => {
  const noticesOf = async (userId: string) =>
    (
      await server.platform.db
        .selectFrom('outboxEvents')
        .select('data')
        .where('type', '=', 'new-browser-signed-in')
        .where('subjectId', '=', userId)
        .execute()
    ).length

  test('is told of once, the first one of an account not at all', async () => {
    const { email, id, browser } = await makePerson()
    expect(await noticesOf(id)).toBe(0)
    await browser.json('POST', 'auth/login', { email, password })
    expect(await noticesOf(id)).toBe(0)
    const other = await signIn(email)
    expect(await noticesOf(id)).toBe(1)
    const { dataDir } = server.platform.config
    await eventually(async () => {
      const mine = (await outboxMails(dataDir)).filter((mail) => mail.includes(email))
      expect(mine).toHaveLength(1)
      expect(mine[0]).toMatch(/Subject: New sign-in to your account/)
      expect(mine[0]).toMatch(/Chrome 141, Linux/)
    })
    await other.browser.json('POST', 'auth/login', { email, password })
    expect(await noticesOf(id)).toBe(1)
  })

  test('is known by address and name where it is a program that keeps no cookies', async () => {
    const { email, id } = await makePerson()
    const login = (address: string, agent: string) =>
      fetch(`${server.url}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': agent, 'x-forwarded-for': address },
        body: JSON.stringify({ email, password }),
      })
    await login('203.0.113.1', 'script/1')
    expect(await noticesOf(id)).toBe(1)
    await login('203.0.113.1', 'script/1')
    expect(await noticesOf(id)).toBe(1)
    await login('203.0.113.2', 'script/1')
    expect(await noticesOf(id)).toBe(2)
  })
})
