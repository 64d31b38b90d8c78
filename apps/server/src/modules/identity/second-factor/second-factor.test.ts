import type {
  ApiKey,
  Person as Member,
  Problem,
  SecondFactorPolicy,
  SecondFactorRequired,
  Security,
  SignedIn,
  User,
} from '@parley/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../platform/context.ts'
import { startServer, type TestServer } from '../../../testing/start-server.ts'
import { openTestBrowser, type TestBrowser } from '../../../testing/test-browser.ts'
import { fromBase32, stepOf, totpCode } from './totp.ts'

let server: TestServer
let people = 0
const password = 'correct horse battery'
const minute = 60_000

beforeAll(async () => {
  server = await startServer({ env: { PARLEY_SIGNUP: 'open', PARLEY_TRUSTED_PROXIES: '127.0.0.1' } })
})
afterAll(() => server.close())
afterEach(async () => {
  server.platform.clock = systemClock
  await server.platform.db.deleteFrom('secondFactorPolicies').execute()
})

interface Person {
  email: string
  id: string
  browser: TestBrowser
}

/** Somebody new in the owner's workspace, signed in in a browser. */
async function makePerson(): Promise<Person> {
  const email = `factor-${++people}@example.com`
  const browser = openTestBrowser(server.url)
  const { user } = await browser.json<SignedIn>('POST', 'auth/register', { email, password, name: 'Pat' })
  return { email, id: user.id, browser }
}

/** The same with an authenticator app. */
async function makeSecured(): Promise<Person & { secret: Buffer; recoveryCodes: string[] }> {
  const person = await makePerson()
  const { secret } = await person.browser.json<{ secret: string }>('POST', 'me/totp')
  const code = codeOf(fromBase32(secret))
  const { recoveryCodes } = await person.browser.json<{ recoveryCodes: string[] }>('POST', 'me/totp/confirm', { code })
  shiftClock(minute) // the code of this step is used
  return { ...person, secret: fromBase32(secret), recoveryCodes }
}

function codeOf(secret: Buffer, steps = 0): string {
  return totpCode(secret, stepOf(server.platform.clock.now()) + steps)
}

function shiftClock(ms: number): void {
  const { now } = server.platform.clock
  server.platform.clock = { now: () => new Date(now().getTime() + ms) }
}

async function firstStep(person: { email: string }, browser = openTestBrowser(server.url)) {
  const answer = await browser.json<SecondFactorRequired>('POST', 'auth/login', { email: person.email, password })
  expect(answer.secondFactorRequired).toBe(true)
  const { challenge, methods } = answer
  const answerWith = (method: string, code: string) =>
    browser.send<SignedIn & Problem>('POST', 'auth/second-factor', { method, challenge, code })
  return { browser, challenge, methods, answerWith }
}

describe('an authenticator app', () => {
  test('is asked for after the password, and signs in', async () => {
    const person = await makeSecured()
    const { browser, methods, answerWith } = await firstStep(person)
    expect(methods).toEqual(['totp', 'recovery-code'])
    expect([...browser.cookies.keys()]).toEqual(['parley_browser'])
    expect((await browser.send('GET', 'me')).status).toBe(401)
    const wrong = await answerWith('totp', '000000')
    expect([wrong.status, wrong.body.code]).toEqual([401, 'second_factor_invalid'])
    const right = await answerWith('totp', codeOf(person.secret))
    expect([right.status, right.body.user.email]).toEqual([200, person.email])
    expect((await browser.json<Security>('GET', 'me/security')).secondFactorShown).toBe(true)
  })

  test('takes each code once, and none older than one that was taken', async () => {
    const person = await makeSecured()
    const code = codeOf(person.secret)
    const before = codeOf(person.secret, -1)
    expect((await (await firstStep(person)).answerWith('totp', code)).status).toBe(200)
    for (const again of [code, before]) {
      const replayed = await (await firstStep(person)).answerWith('totp', again)
      expect([replayed.status, replayed.body.code]).toEqual([401, 'second_factor_invalid'])
    }
    const next = codeOf(person.secret, 1)
    const steps = await Promise.all([firstStep(person), firstStep(person), firstStep(person)])
    const both = await Promise.all(steps.map(({ answerWith }) => answerWith('totp', next)))
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401, 401])
  })

  test('does not count before its first code was right, and the code of the set-up is used up', async () => {
    const person = await makePerson()
    const { secret, uri } = await person.browser.json<{ secret: string; uri: string }>('POST', 'me/totp')
    expect(new URL(uri).searchParams.get('secret')).toBe(secret)
    const wrong = await person.browser.send('POST', 'me/totp/confirm', { code: '12345' })
    expect([wrong.status, wrong.body.code]).toEqual([401, 'second_factor_invalid'])
    const signIn = { email: person.email, password }
    expect(await openTestBrowser(server.url).json('POST', 'auth/login', signIn)).toHaveProperty('accessToken')
    const code = codeOf(fromBase32(secret))
    const spaced = `${code.slice(0, 3)} ${code.slice(3)}`
    expect((await person.browser.send('POST', 'me/totp/confirm', { code: spaced })).status).toBe(200)
    expect((await (await firstStep(person)).answerWith('totp', code)).status).toBe(401)
  })

  test('is stored sealed, and recovery codes hashed', async () => {
    const { id, secret, recoveryCodes } = await makeSecured()
    const { db } = server.platform
    const stored = JSON.stringify([
      await db.selectFrom('totpFactors').selectAll().where('userId', '=', id).execute(),
      await db.selectFrom('recoveryCodes').selectAll().where('userId', '=', id).execute(),
      await db.selectFrom('outboxEvents').selectAll().execute(),
    ])
    expect(stored).toContain(id)
    for (const form of [secret.toString(), secret.toString('hex'), secret.toString('base64url'), ...recoveryCodes]) {
      expect(stored).not.toContain(form)
    }
  })

  test('is guessed at slowly, from wherever, while a recovery code still works', async () => {
    const person = await makeSecured()
    const steps = await Promise.all(Array.from({ length: 12 }, () => firstStep(person)))
    const guesses = await Promise.all(steps.map(({ answerWith }) => answerWith('totp', '000000')))
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(5)
    const refused = guesses.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(7)
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
    const late = await firstStep(person)
    expect((await late.answerWith('totp', codeOf(person.secret))).status).toBe(429)
    expect((await late.answerWith('recovery-code', person.recoveryCodes[0]!)).status).toBe(200)
    shiftClock(31_000)
    expect((await (await firstStep(person)).answerWith('totp', codeOf(person.secret))).status).toBe(200)
    expect((await (await firstStep(person)).answerWith('totp', '000000')).status).toBe(401)
  })

  test('can be replaced without a gap, and removed', async () => {
    const person = await makeSecured()
    const { browser } = person
    const { secret } = await browser.json<{ secret: string }>('POST', 'me/totp')
    expect((await (await firstStep(person)).answerWith('totp', codeOf(person.secret))).status).toBe(200)
    const code = codeOf(fromBase32(secret))
    const confirmed = await browser.json<{ recoveryCodes: null }>('POST', 'me/totp/confirm', { code })
    expect(confirmed.recoveryCodes).toBeNull()
    shiftClock(minute)
    expect((await (await firstStep(person)).answerWith('totp', codeOf(person.secret))).status).toBe(401)
    expect((await (await firstStep(person)).answerWith('totp', codeOf(fromBase32(secret)))).status).toBe(200)
    expect((await browser.send('DELETE', 'me/totp')).status).toBe(204)
    expect((await browser.send('DELETE', 'me/totp')).status).toBe(404)
    const { recoveryCodesLeft } = await browser.json<Security>('GET', 'me/security')
    expect(recoveryCodesLeft).toBe(0)
    expect(await browser.json('POST', 'auth/login', { email: person.email, password })).toHaveProperty('accessToken')
  })
})

describe('a challenge', () => {
  test('is good once, for ten minutes, and in the browser that got it', async () => {
    const person = await makeSecured()
    const step = await firstStep(person)
    const { challenge } = step
    const elsewhere = openTestBrowser(server.url)
    const stolen = { method: 'totp', challenge, code: codeOf(person.secret) }
    for (const thief of [elsewhere, (await firstStep(person, elsewhere)).browser]) {
      const refused = await thief.send('POST', 'auth/second-factor', stolen)
      expect([refused.status, refused.body.code]).toEqual([401, 'sign_in_expired'])
    }
    expect((await step.answerWith('totp', codeOf(person.secret))).status).toBe(200)
    const again = await step.answerWith('recovery-code', person.recoveryCodes[0]!)
    expect([again.status, again.body.code]).toEqual([401, 'sign_in_expired'])

    const late = await firstStep(person)
    shiftClock(10 * minute)
    const over = await late.answerWith('recovery-code', person.recoveryCodes[0]!)
    expect([over.status, over.body.code]).toEqual([401, 'sign_in_expired'])
    expect((await (await firstStep(person)).answerWith('recovery-code', person.recoveryCodes[0]!)).status).toBe(200)
  })

  test('of several right answers at once, one signs in', async () => {
    const person = await makeSecured()
    const { answerWith } = await firstStep(person)
    const answers = await Promise.all(person.recoveryCodes.slice(0, 4).map((code) => answerWith('recovery-code', code)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401])
    const { recoveryCodesLeft } = await person.browser.json<Security>('GET', 'me/security')
    expect(recoveryCodesLeft).toBe(9)
  })

  test('ends after six wrong answers', async () => {
    const person = await makeSecured()
    const { answerWith } = await firstStep(person)
    const wrong: string[] = []
    for (let index = 0; index < 7; index++) wrong.push((await answerWith('recovery-code', 'none-of-them')).body.code)
    expect(wrong).toEqual([...Array(6).fill('second_factor_invalid'), 'sign_in_expired'])
    expect((await answerWith('recovery-code', person.recoveryCodes[0]!)).body.code).toBe('sign_in_expired')
  })
})

describe('recovery codes', () => {
  test('are ten, work once each however they are typed, and are replaced', async () => {
    const person = await makeSecured()
    expect(person.recoveryCodes).toHaveLength(10)
    expect(new Set(person.recoveryCodes).size).toBe(10)
    for (const code of person.recoveryCodes) expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){2}$/)
    const [first = '', second = '', third = ''] = person.recoveryCodes
    const typed = first.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'l')
    const step = await firstStep(person)
    expect((await step.answerWith('recovery-code', typed)).status).toBe(200)
    expect((await (await firstStep(person)).answerWith('recovery-code', first)).status).toBe(401)
    expect((await step.browser.json<Security>('GET', 'me/security')).recoveryCodesLeft).toBe(9)

    const { recoveryCodes } = await person.browser.json<{ recoveryCodes: string[] }>('POST', 'me/recovery-codes')
    expect((await (await firstStep(person)).answerWith('recovery-code', second)).status).toBe(401)
    expect((await (await firstStep(person)).answerWith('recovery-code', recoveryCodes[0]!)).status).toBe(200)
    // Of somebody else they are nothing.
    const other = await makeSecured()
    expect((await (await firstStep(other)).answerWith('recovery-code', third)).status).toBe(401)
    expect((await (await firstStep(other)).answerWith('recovery-code', recoveryCodes[1]!)).status).toBe(401)
  })

  test('are none without a factor that they stand in for', async () => {
    const refused = await (await makePerson()).browser.send('POST', 'me/recovery-codes')
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict'])
  })
})

describe('a recent proof', () => {
  const sensitive = [
    ['POST', 'me/totp'],
    ['DELETE', 'me/totp'],
    ['POST', 'me/recovery-codes'],
    ['POST', 'me/passkeys/options'],
    ['POST', 'api-keys', { name: 'Admin', scopes: ['keys:manage'] }],
  ] as const

  test('is asked for ten minutes after the last, for what is sensitive alone', async () => {
    const person = await makeSecured()
    const { browser } = person
    shiftClock(10 * minute)
    for (const [method, path, body] of sensitive) {
      const refused = await browser.send(method, path, body)
      expect([path, refused.status, refused.body.code]).toEqual([path, 403, 'proof_required'])
    }
    expect((await browser.send('PATCH', 'me', { name: 'Patty' })).status).toBe(200)
    const key = await browser.json<{ id: string }>('POST', 'api-keys', { name: 'Key', scopes: ['account:read'] })
    const wider = await browser.send('PATCH', `api-keys/${key.id}`, { scopes: ['account:read', 'keys:manage'] })
    expect([wider.status, wider.body.code]).toEqual([403, 'proof_required'])

    const wrong = await browser.send('POST', 'me/proof', { method: 'password', password: 'not the password' })
    expect([wrong.status, wrong.body.code]).toEqual([401, 'invalid_credentials'])
    expect((await browser.send('POST', 'me/recovery-codes')).status).toBe(403)
    expect((await browser.send('POST', 'me/proof', { method: 'password', password })).status).toBe(200)
    expect((await browser.send('POST', 'me/recovery-codes')).status).toBe(200)

    shiftClock(10 * minute)
    expect((await browser.send('POST', 'me/recovery-codes')).status).toBe(403)
    const code = codeOf(person.secret)
    expect((await browser.send('POST', 'me/proof', { method: 'totp', code })).status).toBe(200)
    const again = await browser.send('POST', 'me/proof', { method: 'totp', code })
    expect([again.status, again.body.code]).toEqual([401, 'second_factor_invalid'])
    expect((await browser.send('DELETE', 'me/totp')).status).toBe(204)
  })

  test('by password is not enough in a session that never showed the second factor', async () => {
    const person = await makePerson()
    const old = openTestBrowser(server.url)
    await old.json('POST', 'auth/login', { email: person.email, password })
    const { secret } = await person.browser.json<{ secret: string }>('POST', 'me/totp')
    await person.browser.json('POST', 'me/totp/confirm', { code: codeOf(fromBase32(secret)) })
    // Signed in a moment ago, yet before there was a second factor: whoever stole this session cannot take it away.
    for (const path of ['me/totp', 'me/recovery-codes', 'me/passkeys/options']) {
      expect((await old.send('POST', path)).body.code).toBe('proof_required')
    }
    expect((await old.send('POST', 'me/proof', { method: 'password', password })).body.code).toBe('proof_required')
    expect((await old.json<Security>('GET', 'me/security')).proofMethods).toEqual(['totp'])
    shiftClock(minute)
    await old.json('POST', 'me/proof', { method: 'totp', code: codeOf(fromBase32(secret)) })
    expect((await old.send('POST', 'me/recovery-codes')).status).toBe(200)
  })

  test('is needed to set a first password, where there is none to give', async () => {
    const person = await makePerson()
    await server.platform.db.updateTable('users').set({ passwordHash: null }).where('id', '=', person.id).execute()
    const newPassword = 'a brand new password'
    shiftClock(10 * minute)
    expect((await person.browser.send('PATCH', 'me', { newPassword })).body.code).toBe('proof_required')
    shiftClock(-5 * minute)
    expect((await person.browser.send('PATCH', 'me', { newPassword })).status).toBe(200)
    const missing = await person.browser.send('PATCH', 'me', { newPassword: 'another new password' })
    expect([missing.status, missing.body.errors?.[0]?.pointer]).toEqual([401, '/currentPassword'])
  })
})

describe('a workspace that asks for a second factor', () => {
  const setPolicy = (body: { required: boolean; graceDays?: number }) =>
    server.owner.json<SecondFactorPolicy>('PUT', '/api/v1/workspace/second-factor', body)

  test('lets people in until the time of grace is over, then to set one up and to nothing else', async () => {
    const person = await makePerson()
    const { browser } = person
    const key = await browser.json<ApiKey & { key: string }>('POST', 'api-keys', { name: 'Key' })
    const { requiredFrom } = await setPolicy({ required: true, graceDays: 3 })
    expect((await browser.json<Security>('GET', 'me/security')).policy).toEqual({ required: true, requiredFrom })
    expect((await browser.send('GET', 'conversations')).status).toBe(200)

    shiftClock(3 * 24 * 60 * minute + 1)
    const refused = await browser.send('GET', 'conversations')
    expect([refused.status, refused.body.code]).toEqual([403, 'second_factor_required'])
    const fresh = openTestBrowser(server.url)
    const { user, accessToken } = await fresh.json<SignedIn>('POST', 'auth/login', { email: person.email, password })
    expect([user.secondFactorRequired, user.scopes]).toEqual([true, ['account:read']])
    expect((await fresh.json<User>('GET', 'me')).secondFactorRequired).toBe(true)
    for (const [method, path, body] of [
      ['GET', 'conversations'],
      ['POST', 'conversations', {}],
      ['GET', 'models'],
      ['GET', 'api-keys'],
      ['PATCH', 'me', { name: 'X' }],
      ['GET', 'me/sessions'],
    ] as const) {
      expect([path, (await fresh.send(method, path, body)).body.code]).toEqual([path, 'second_factor_required'])
    }
    const bearer = await fetch(`${server.url}/api/v1/conversations`, {
      headers: { authorization: `Bearer ${accessToken}` },
    })
    expect(bearer.status).toBe(403)
    // A key is no person, and goes on.
    const byKey = await fetch(`${server.url}/api/v1/conversations`, { headers: { authorization: `Bearer ${key.key}` } })
    expect(byKey.status).toBe(200)

    const { secret } = await fresh.json<{ secret: string }>('POST', 'me/totp')
    await fresh.json('POST', 'me/totp/confirm', { code: codeOf(fromBase32(secret)) })
    expect((await fresh.send('GET', 'conversations')).status).toBe(200)
    expect((await fresh.json<User>('GET', 'me')).secondFactorRequired).toBeUndefined()
    // The older session shows it, and goes on as well.
    expect((await browser.send('GET', 'conversations')).status).toBe(403)
    shiftClock(minute)
    await browser.json('POST', 'me/proof', { method: 'totp', code: codeOf(fromBase32(secret)) })
    expect((await browser.send('GET', 'conversations')).status).toBe(200)
    const last = await browser.send('DELETE', 'me/totp')
    expect([last.status, last.body.code]).toEqual([409, 'conflict'])
  })

  test('takes effect at once, binds no other workspace, and can be taken back', async () => {
    const person = await makePerson()
    await setPolicy({ required: true, graceDays: 0 })
    expect((await person.browser.send('GET', 'conversations')).status).toBe(403)
    const owner = await fetch(`${server.url}/api/v1/conversations`, { headers: server.owner.headers })
    expect(owner.status).toBe(403)
    const { db } = server.platform
    const other = { id: '01ffffff-6d84-702f-8bee-8598ef0a9cf1', name: 'Other', createdAt: new Date() }
    await db
      .insertInto('workspaces')
      .values(other)
      .onConflict((on) => on.doNothing())
      .execute()
    await db
      .insertInto('memberships')
      .values({ workspaceId: other.id, userId: person.id, role: 'member', createdAt: new Date() })
      .execute()
    const there = await fetch(`${server.url}/api/v1/conversations`, {
      headers: { ...person.browser.headers(), 'parley-workspace': other.id },
    })
    expect(there.status).toBe(200)
    await db.deleteFrom('secondFactorPolicies').execute()
    shiftClock(5_001)
    await setPolicy({ required: false })
    expect((await person.browser.send('GET', 'conversations')).status).toBe(200)
  })

  test('is set by whoever manages the workspace alone', async () => {
    const person = await makePerson()
    const refused = await person.browser.send('PUT', 'workspace/second-factor', { required: true, graceDays: 0 })
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
    expect(await person.browser.json('GET', 'workspace/second-factor')).toEqual({ required: false, requiredFrom: null })
  })
})

describe('an admin', () => {
  const reset = (id: string) => server.owner.fetch(`/api/v1/people/${id}/reset-second-factor`, { method: 'POST' })

  test('can reset the factors of somebody who lost them; their sessions end, and it is on record', async () => {
    const person = await makeSecured()
    const colleague = await makePerson()
    expect((await colleague.browser.send('POST', `people/${person.id}/reset-second-factor`)).status).toBe(403)
    // Who may reset it is told that there is one; others are not.
    const byOwner = () => server.owner.json<Member>('GET', `/api/v1/people/${person.id}`)
    expect((await byOwner()).secondFactor).toBe(true)
    expect((await colleague.browser.json<Member>('GET', `people/${person.id}`)).secondFactor).toBe(null)
    expect((await reset(person.id)).status).toBe(204)
    expect((await byOwner()).secondFactor).toBe(false)
    expect((await person.browser.send('GET', 'me')).status).toBe(401)
    const again = await openTestBrowser(server.url).json('POST', 'auth/login', { email: person.email, password })
    expect(again).toHaveProperty('accessToken')
    const events = await server.platform.db
      .selectFrom('outboxEvents')
      .select(['type', 'data'])
      .where('subjectId', '=', person.id)
      .where('type', '=', 'second-factor-reset')
      .execute()
    expect(events).toEqual([{ type: 'second-factor-reset', data: { by: server.owner.signedIn.user.id } }])
  })

  test('cannot do so with their own, with whom they do not know, or across workspaces', async () => {
    expect((await reset(server.owner.signedIn.user.id)).status).toBe(422)
    expect((await reset('01a20b35-6d84-702f-8bee-8598ef0a9cab')).status).toBe(404)
    const person = await makeSecured()
    const { db } = server.platform
    const other = { id: '01ffffff-6d84-702f-8bee-8598ef0a9cf2', name: 'Another', createdAt: new Date() }
    await db.insertInto('workspaces').values(other).execute()
    const membership = { workspaceId: other.id, userId: person.id, role: 'member' as const, createdAt: new Date() }
    await db.insertInto('memberships').values(membership).execute()
    expect((await reset(person.id)).status).toBe(403)
    expect((await firstStep(person)).methods).toContain('totp')
    // Somebody of whom only the other workspace knows is not there at all.
    await db.deleteFrom('memberships').where('userId', '=', person.id).where('workspaceId', '!=', other.id).execute()
    expect((await reset(person.id)).status).toBe(404)
  })
})
