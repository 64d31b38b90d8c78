import type { Passkey, Problem, SecondFactorRequired, Security, SignedIn } from '@parley/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../platform/context.ts'
import { type Quirks, SoftPasskey } from '../../../testing/soft-passkey.ts'
import { startServer, type TestServer } from '../../../testing/start-server.ts'
import { openTestBrowser, type TestBrowser } from '../../../testing/test-browser.ts'

let server: TestServer
let origin: string
let people = 0
const password = 'correct horse battery'
const minute = 60_000

type Options = { challenge: string; rp?: { id?: string }; rpId?: string; user?: { id: string } } & Record<
  string,
  unknown
>

beforeAll(async () => {
  server = await startServer({ env: { PARLEY_SIGNUP: 'open', PARLEY_TRUSTED_PROXIES: '127.0.0.1' } })
  origin = server.platform.config.http.publicUrl
})
afterAll(() => server.close())
afterEach(() => {
  server.platform.clock = systemClock
  server.platform.config.http.publicUrl = origin
})

interface Person {
  email: string
  id: string
  browser: TestBrowser
}

async function makePerson(): Promise<Person> {
  const email = `passkey-${++people}@example.com`
  const browser = openTestBrowser(server.url)
  const { user } = await browser.json<SignedIn>('POST', 'auth/register', { email, password, name: 'Pat' })
  return { email, id: user.id, browser }
}

type Added = { passkey: Passkey; recoveryCodes: string[] | null }

async function register(browser: TestBrowser, quirks: Quirks = {}, key = new SoftPasskey(origin)) {
  const options = await browser.json<Options>('POST', 'me/passkeys/options')
  const body = { name: 'Laptop', response: key.create(options, quirks) }
  const answer = await browser.send<Added & Problem>('POST', 'me/passkeys', body)
  return { key, options, body, answer }
}

async function makeWithPasskey() {
  const person = await makePerson()
  const { key, answer } = await register(person.browser)
  expect(answer.status).toBe(201)
  return { ...person, key, ...answer.body }
}

async function signIn(key: SoftPasskey, quirks: Quirks = {}, browser = openTestBrowser(server.url)) {
  const options = await browser.json<Options>('POST', 'auth/passkey/options')
  const response = key.get(options, quirks)
  return {
    browser,
    options,
    response,
    ...(await browser.send<SignedIn & Problem>('POST', 'auth/passkey', { response })),
  }
}

describe('a passkey', () => {
  test('is made for this host, findable, with its user verified, and signs in alone as two factors', async () => {
    const person = await makePerson()
    const { key, options, answer } = await register(person.browser)
    expect(options).toMatchObject({
      rp: { id: 'localhost' },
      user: { name: person.email },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [],
    })
    expect(JSON.stringify(options)).not.toContain(person.id)
    expect(answer.body.passkey).toMatchObject({ name: 'Laptop', synced: false, blockedAt: null, lastUsedAt: null })
    expect(answer.body.recoveryCodes).toHaveLength(10)

    const signedIn = await signIn(key)
    expect(signedIn.options).toMatchObject({ rpId: 'localhost', userVerification: 'required' })
    expect(signedIn.options.allowCredentials).toBeUndefined()
    expect([signedIn.status, signedIn.body.user?.email]).toEqual([200, person.email])
    expect((await signedIn.browser.json<Security>('GET', 'me/security')).secondFactorShown).toBe(true)
    const { data } = await signedIn.browser.json<{ data: Passkey[] }>('GET', 'me/passkeys')
    expect(data[0]?.lastUsedAt).not.toBeNull()
    const again = await person.browser.json<Options>('POST', 'me/passkeys/options')
    expect(again.excludeCredentials).toMatchObject([{ id: key.id }])
  })

  test('is the second factor after the password', async () => {
    const { email, key } = await makeWithPasskey()
    const browser = openTestBrowser(server.url)
    const step = await browser.json<SecondFactorRequired>('POST', 'auth/login', { email, password })
    expect(step.methods).toEqual(['passkey', 'recovery-code'])
    const { challenge } = step
    const options = await browser.json<Options>('POST', 'auth/second-factor/passkey-options', { challenge })
    expect(options.allowCredentials).toMatchObject([{ id: key.id }])
    const stranger = await makeWithPasskey()
    const answer = (by: SoftPasskey) =>
      browser.send('POST', 'auth/second-factor', { method: 'passkey', challenge, response: by.get(options) })
    expect((await answer(stranger.key)).status).toBe(401)
    expect((await answer(key)).status).toBe(200)
  })

  test('confirms that it is the person', async () => {
    const { browser, key } = await makeWithPasskey()
    server.platform.clock = { now: () => new Date(Date.now() + 11 * minute) }
    expect((await browser.send('POST', 'me/recovery-codes')).body.code).toBe('proof_required')
    const options = await browser.json<Options>('POST', 'me/proof/passkey-options')
    const proof = { method: 'passkey', response: key.get(options) }
    expect((await browser.send('POST', 'me/proof', proof)).status).toBe(200)
    expect((await browser.send('POST', 'me/recovery-codes')).status).toBe(200)
    expect((await browser.send('POST', 'me/proof', proof)).status).toBe(401)
  })

  test('is renamed and removed by its owner alone', async () => {
    const { browser, passkey, key } = await makeWithPasskey()
    const other = await makePerson()
    expect((await other.browser.send('PATCH', `me/passkeys/${passkey.id}`, { name: 'Mine' })).status).toBe(404)
    expect((await other.browser.send('DELETE', `me/passkeys/${passkey.id}`)).status).toBe(404)
    const renamed = await browser.json<Passkey>('PATCH', `me/passkeys/${passkey.id}`, { name: '  Work laptop ' })
    expect(renamed.name).toBe('Work laptop')
    expect((await browser.send('DELETE', `me/passkeys/${passkey.id}`)).status).toBe(204)
    expect((await browser.send('DELETE', `me/passkeys/${passkey.id}`)).status).toBe(404)
    const refused = await signIn(key)
    expect([refused.status, refused.body.code]).toEqual([401, 'second_factor_invalid'])
  })

  test('is not removed when it is the last way to sign in, not even by two removals at once', async () => {
    const { id, browser, passkey } = await makeWithPasskey()
    await server.platform.db.updateTable('users').set({ passwordHash: null }).where('id', '=', id).execute()
    const refused = await browser.send('DELETE', `me/passkeys/${passkey.id}`)
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict'])
    const second = await register(browser)
    const both = await Promise.all([
      browser.send('DELETE', `me/passkeys/${passkey.id}`),
      browser.send('DELETE', `me/passkeys/${second.answer.body.passkey.id}`),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual([204, 409])
    expect((await browser.json<{ data: Passkey[] }>('GET', 'me/passkeys')).data).toHaveLength(1)
  })
})

describe('registration refuses', () => {
  test.each<[string, Quirks]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another host', { rpId: 'evil.example' }],
    ['a challenge of its own', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
    ['a user who was not verified', { verified: false }],
    ['a sign-in in its place', { type: 'webauthn.get' }],
  ])('%s', async (_what, quirks) => {
    const { browser } = await makePerson()
    const { answer } = await register(browser, quirks)
    expect([answer.status, answer.body.code]).toEqual([422, 'unprocessable'])
    expect((await browser.json<{ data: Passkey[] }>('GET', 'me/passkeys')).data).toEqual([])
    expect((await register(browser)).answer.status).toBe(201)
  })

  test('an answer given twice, from another session, too late, or of somebody else’s passkey', async () => {
    const { browser } = await makePerson()
    const { body, key } = await register(browser)
    expect((await browser.send('POST', 'me/passkeys', body)).status).toBe(422)

    const other = await makePerson()
    const options = await browser.json<Options>('POST', 'me/passkeys/options')
    const stolen = { name: 'X', response: new SoftPasskey(origin).create(options) }
    expect((await other.browser.send('POST', 'me/passkeys', stolen)).status).toBe(422)
    server.platform.clock = { now: () => new Date(Date.now() + 10 * minute) }
    expect((await browser.send('POST', 'me/passkeys', stolen)).status).toBe(422)
    server.platform.clock = systemClock
    const taken = await register(other.browser, {}, key)
    expect([taken.answer.status, taken.answer.body.code]).toEqual([409, 'conflict'])
  })

  test('where passkeys cannot work, and says why', async () => {
    const { browser } = await makePerson()
    for (const publicUrl of ['http://192.0.2.7:3000', 'http://chat.example.com', 'https://[2001:db8::1]']) {
      server.platform.config.http.publicUrl = publicUrl
      const refused = await openTestBrowser(server.url).send('POST', 'auth/passkey/options')
      expect([refused.status, refused.body.code]).toEqual([422, 'unprocessable'])
      expect(refused.body.detail).toMatch(/PUBLIC_URL/)
    }
    server.platform.config.http.publicUrl = 'https://chat.example.com'
    const options = await browser.json<Options>('POST', 'me/passkeys/options')
    expect(options.rp?.id).toBe('chat.example.com')
  })
})

describe('signing in refuses', () => {
  test.each<[string, Quirks]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another port of the host', { origin: 'http://localhost:1' }],
    ['another host', { rpId: 'evil.example' }],
    ['a challenge of its own', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
    ['a user who was not verified', { verified: false }],
    ['a registration in its place', { type: 'webauthn.create' }],
    ['a wrong signature', { tamper: true }],
    ['the user handle of somebody else', { userHandle: Buffer.alloc(16, 1).toString('base64url') }],
  ])('%s', async (_what, quirks) => {
    const { key } = await makeWithPasskey()
    const refused = await signIn(key, quirks)
    expect([refused.status, refused.body.code]).toEqual([401, 'second_factor_invalid'])
    expect(refused.browser.cookies.has('parley_session')).toBe(false)
    expect((await signIn(key)).status).toBe(200)
  })

  test('an answer given twice, in another browser, or too late', async () => {
    const { key } = await makeWithPasskey()
    const first = await signIn(key)
    const replay = { response: first.response }
    expect((await first.browser.send('POST', 'auth/passkey', replay)).status).toBe(401)
    const browser = openTestBrowser(server.url)
    const response = key.get(await browser.json<Options>('POST', 'auth/passkey/options'))
    const elsewhere = openTestBrowser(server.url)
    await elsewhere.json('POST', 'auth/passkey/options')
    expect((await elsewhere.send('POST', 'auth/passkey', { response })).status).toBe(401)
    expect((await browser.send('POST', 'auth/passkey', { response })).status).toBe(200)
    const late = key.get(await browser.json<Options>('POST', 'auth/passkey/options'))
    server.platform.clock = { now: () => new Date(Date.now() + 10 * minute) }
    expect((await browser.send('POST', 'auth/passkey', { response: late })).status).toBe(401)
  })

  test('a challenge that was made for something else', async () => {
    const { browser, email, key } = await makeWithPasskey()
    const proof = await browser.json<Options>('POST', 'me/proof/passkey-options')
    expect((await browser.send('POST', 'auth/passkey', { response: key.get(proof) })).status).toBe(401)
    const { challenge } = await browser.json<SecondFactorRequired>('POST', 'auth/login', { email, password })
    const second = await browser.json<Options>('POST', 'auth/second-factor/passkey-options', { challenge })
    expect((await browser.send('POST', 'auth/passkey', { response: key.get(second) })).status).toBe(401)
  })

  test('a passkey whose counter went back, for good: a copy of it may be in use', async () => {
    const { browser, key, passkey, email } = await makeWithPasskey()
    expect((await signIn(key, { counter: 5 })).status).toBe(200)
    expect((await signIn(key, { counter: 6 })).status).toBe(200)
    const copied = await signIn(key, { counter: 6 })
    expect([copied.status, copied.body.detail]).toEqual([401, expect.stringMatching(/copy/)])
    expect((await signIn(key, { counter: 7 })).status).toBe(401)
    const { data } = await browser.json<{ data: Passkey[] }>('GET', 'me/passkeys')
    expect(data[0]?.blockedAt).not.toBeNull()
    // It still counts as having one: whoever copied it must not get rid of the second factor that way.
    const step = await openTestBrowser(server.url).json('POST', 'auth/login', { email, password })
    expect(step).toHaveProperty('secondFactorRequired')
    expect((await browser.send('DELETE', `me/passkeys/${passkey.id}`)).status).toBe(204)
  })
})
