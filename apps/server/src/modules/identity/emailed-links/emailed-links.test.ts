import type { LinkInfo, Problem, SignedIn, User } from '@parley/contract'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../platform/context.ts'
import { eventually } from '../../../testing/eventually.ts'
import { type MailServer, startMailServer } from '../../../testing/mail-server.ts'
import { within } from '../../../testing/pace.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'
import { requestPasswordReset } from './request-link.ts'

let server: TestServer
let smtp: MailServer
let people = 0
let requests = 0
const json = { 'content-type': 'application/json' }

beforeAll(async () => {
  smtp = await startMailServer()
  server = await startServer({ env: { ...smtp.env, PARLEY_SIGNUP: 'open', PARLEY_TRUSTED_PROXIES: '127.0.0.1' } })
  await server.server.working()
})
afterAll(async () => {
  await server.close()
  await smtp.close()
})
afterEach(() => {
  server.platform.clock = systemClock
})

const password = 'correct horse battery'
const other = 'quite another battery'

async function send<T = Problem>(caller: Caller, method: string, path: string, body?: unknown) {
  const response = await caller.fetch(`/api/v1/${path}`, {
    method,
    // Each from an address of its own, so that none is slowed down.
    headers: { 'x-forwarded-for': `198.51.${requests >> 8}.${++requests & 255}`, ...(body === undefined ? {} : json) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T }
}

const post = <T = Problem>(path: string, body: unknown, caller: Caller = server.anyone) =>
  send<T>(caller, 'POST', path, body)
const tokenOf = (link: string) => new URL(link).hash.replace('#token=', '')
const bearer = (token: string) => callerFor(server.url, { authorization: `Bearer ${token}` })
const ahead = (ms: number) => {
  server.platform.clock = { now: () => new Date(Date.now() + ms) }
}
const tokenFor = async (email: string) => tokenOf((await smtp.next(email)).link)

/** Waits until nothing is done in the background. */
const quiet = () =>
  eventually(async () => {
    const waiting = sql<{ jobs: number }>`select count(*)::int as jobs from pgboss.job where state < 'completed'
      and name in ('request-link', 'deliver-mail')`
    expect((await waiting.execute(server.platform.db)).rows[0]!.jobs).toBe(0)
  })

/** Somebody who signed up by a mailed link. */
async function makePerson(): Promise<Caller & { email: string; signedIn: SignedIn }> {
  const email = `person-${++people}@example.com`
  await post('auth/sign-up', { email })
  const made = await post<SignedIn>('auth/register', { link: await tokenFor(email), name: 'Pat', password })
  expect(made.status).toBe(201)
  return { ...bearer(made.body.accessToken), email, signedIn: made.body }
}

describe('signing up where mail is sent', () => {
  test('goes by a mailed link, which works once and confirms the address', async () => {
    const email = 'new@example.com'
    const without = await post('auth/register', { email, name: 'New', password })
    expect([without.status, without.body.code]).toEqual([403, 'email_unverified'])
    expect((await post('auth/sign-up', { email: email.toUpperCase() })).status).toBe(204)
    const mail = await smtp.next(email)
    expect(mail.link).toMatch(/^http:\/\/localhost:\d+\/sign-up#token=[\w-]{43}$/)
    const token = tokenOf(mail.link)
    const info = await post<LinkInfo>('auth/links', { token })
    expect(info.body).toMatchObject({ kind: 'sign-up', email, invitation: null })
    const weak = await post('auth/register', { link: token, name: 'New', password: 'new@example.com' })
    expect([weak.status, weak.body.code, weak.body.errors?.[0]?.pointer]).toEqual([422, 'weak_password', '/password'])
    // The address is the link's, whatever else is said.
    const body = { link: token, name: 'New', password, email: 'someone-else@example.com' }
    const made = await post<SignedIn>('auth/register', body)
    expect(made.body.user).toMatchObject({ email, emailVerified: true, workspace: { role: 'member' } })
    expect((await post('auth/register', body)).body.code).toBe('link_invalid')
    expect((await post('auth/links', { token })).status).toBe(410)
  })

  test('an address that has an account gets a mail that says so, and the answer is the same', async () => {
    const person = await makePerson()
    expect((await post('auth/sign-up', { email: person.email })).status).toBe(204)
    const mail = await smtp.next(person.email)
    expect(mail.subject).toBe('You already have an account')
    expect(mail.link).toMatch(/\/login$/)
  })

  test('a link is good for a day', async () => {
    await post('auth/sign-up', { email: 'late@example.com' })
    const token = await tokenFor('late@example.com')
    ahead(24 * 60 * 60 * 1000 + 1000)
    expect((await post('auth/register', { link: token, name: 'Late', password })).body.code).toBe('link_invalid')
  })

  test('is refused where people are invited', async () => {
    server.platform.config.identity.signup = 'invite'
    expect((await post('auth/sign-up', { email: 'no@example.com' })).body.code).toBe('signup_closed')
    server.platform.config.identity.signup = 'open'
  })
})

describe('a forgotten password', () => {
  test('is replaced by a mailed link, once; all sessions end, and the person is told', async () => {
    const person = await makePerson()
    await post('auth/forgot-password', { email: person.email })
    const mail = await smtp.next(person.email)
    expect(mail.link).toMatch(/\/reset-password#token=[\w-]{43}$/)
    const token = tokenOf(mail.link)
    const { rows } = await sql<{
      links: string
    }>`select string_agg(l::text, ' ') as links from "emailedLinks" l`.execute(server.platform.db)
    expect(rows[0]!.links).toContain(person.email)
    expect(rows[0]!.links).not.toContain(token)
    const weak = await post('auth/reset-password', { token, newPassword: 'qwertyuiop' })
    expect(weak.body.code).toBe('weak_password')
    expect((await send(person, 'GET', 'me')).status).toBe(200)
    expect((await post('auth/reset-password', { token, newPassword: other })).status).toBe(204)
    expect((await send(person, 'GET', 'me')).status).toBe(401)
    const refresh = await post('auth/refresh', { refreshToken: person.signedIn.refreshToken })
    expect(refresh.status).toBe(401)
    expect((await post('auth/reset-password', { token, newPassword: password })).body.code).toBe('link_invalid')
    expect((await post('auth/login', { email: person.email, password })).status).toBe(401)
    expect((await post('auth/login', { email: person.email, password: other })).status).toBe(200)
    expect((await smtp.next(person.email)).subject).toBe('Your password has changed')
  })

  test('of two who use the link at once, one gets it', async () => {
    const person = await makePerson()
    await post('auth/forgot-password', { email: person.email })
    const token = await tokenFor(person.email)
    const tries = [other, `${other} 2`, `${other} 3`].map((newPassword) =>
      post('auth/reset-password', { token, newPassword }),
    )
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([204, 410, 410])
  })

  test('the link is good for an hour, and no longer than the password or address it was for', async () => {
    const person = await makePerson()
    await post('auth/forgot-password', { email: person.email })
    const old = await tokenFor(person.email)
    ahead(60 * 60 * 1000 + 1000)
    expect((await post('auth/reset-password', { token: old, newPassword: other })).body.code).toBe('link_invalid')
    server.platform.clock = systemClock
    const signedIn = await post<SignedIn>('auth/login', { email: person.email, password })
    const change = { currentPassword: password, newPassword: other }
    expect((await send(bearer(signedIn.body.accessToken), 'PATCH', 'me', change)).status).toBe(200)
    expect((await post('auth/reset-password', { token: old, newPassword: `${other}!` })).body.code).toBe('link_invalid')
    const subjects = [(await smtp.next(person.email)).subject, (await smtp.next(person.email)).subject]
    expect(subjects.sort()).toEqual(['New sign-in to your account', 'Your password has changed'])
  })

  test('the answer is the same for an address nobody has, in time too, and nothing is sent there', async () => {
    const person = await makePerson()
    const ask = async (email: string) => {
      await quiet() // what the one before had done in the background
      const begun = performance.now()
      const { status, body } = await post('auth/forgot-password', { email })
      return { ms: performance.now() - begun, answer: [status, body] }
    }
    await ask('warm-up@example.com')
    const unknown = [await ask('a@nobody.example'), await ask('b@nobody.example'), await ask('c@nobody.example')]
    const known = [await ask(person.email), await ask(person.email), await ask(person.email)]
    expect(unknown[0]!.answer).toEqual([204, undefined])
    expect(known[0]!.answer).toEqual(unknown[0]!.answer)
    const quickest = (asked: { ms: number }[]) => Math.min(...asked.map(({ ms }) => ms))
    // Both store one job and nothing else; one that wrote a mail would do several times the work.
    expect(quickest(known)).toBeLessThan(quickest(unknown) * 2 + within(3))
    expect(quickest(unknown)).toBeLessThan(quickest(known) * 2 + within(3))
    await smtp.none('a@nobody.example')
  })

  test('nobody gets more than five mails in an hour, and the links of those work', async () => {
    const person = await makePerson()
    for (let index = 0; index < 8; index++) await post('auth/forgot-password', { email: person.email })
    const first = await tokenFor(person.email)
    await quiet()
    // One of the five was the link to sign up, which was used; the rest are here.
    for (let index = 1; index < 5; index++) await smtp.next(person.email)
    await smtp.none(person.email)
    expect((await post('auth/reset-password', { token: first, newPassword: other })).status).toBe(204)
  })

  test('one network cannot have mails sent without end', async () => {
    const address = '198.51.100.7'
    const asked = Array.from({ length: 20 }, (_, index) =>
      requestPasswordReset(server.platform, `x${index}@nobody.example`, { address }),
    )
    const refused = (await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(5)
    expect(refused[0]).toMatchObject({ reason: { code: 'rate_limited' } })
  })
})

describe('the address', () => {
  test('the owner, who came by the set-up link, confirms it by a mailed link', async () => {
    const before = await server.owner.json<User>('GET', '/api/v1/me')
    expect(before.emailVerified).toBe(false)
    expect((await post('me/email/verification', undefined, server.owner)).status).toBe(204)
    const mail = await smtp.next(server.owner.email)
    const confirmed = await post<{ email: string }>('auth/confirm-email', { token: tokenOf(mail.link) })
    expect(confirmed.body).toEqual({ email: server.owner.email })
    expect((await server.owner.json<User>('GET', '/api/v1/me')).emailVerified).toBe(true)
    expect((await post('auth/confirm-email', { token: tokenOf(mail.link) })).status).toBe(410)
  })

  test('changes once the new one is confirmed; the old one is told before and after', async () => {
    const person = await makePerson()
    const email = `new-${person.email}`
    const wrong = await post('me/email', { email, currentPassword: 'not the password' }, person)
    expect([wrong.status, wrong.body.code]).toEqual([401, 'invalid_credentials'])
    await post('auth/forgot-password', { email: person.email })
    const reset = await tokenFor(person.email)
    const asked = await post<{ pending: boolean }>('me/email', { email, currentPassword: password }, person)
    expect(asked.body).toEqual({ pending: true })
    const warning = await smtp.next(person.email)
    expect(warning.subject).toBe('Your email address is about to change')
    expect(warning.text).toContain(email)
    expect((await send<User>(person, 'GET', 'me')).body.email).toBe(person.email)
    const token = await tokenFor(email)
    expect((await post('auth/confirm-email', { token })).status).toBe(200)
    expect((await send<User>(person, 'GET', 'me')).body).toMatchObject({ email, emailVerified: true })
    expect((await smtp.next(person.email)).subject).toBe('Your email address has changed')
    expect((await post('auth/login', { email: person.email, password })).status).toBe(401)
    expect((await post('auth/login', { email, password })).status).toBe(200)
    // What went to the former address is of no use any more.
    expect((await post('auth/reset-password', { token: reset, newPassword: other })).body.code).toBe('link_invalid')
  })

  test('does not change to one that somebody took meanwhile, and does not tell that it is taken before', async () => {
    const [person, taken] = [await makePerson(), await makePerson()]
    const asked = await post('me/email', { email: taken.email, currentPassword: password }, person)
    expect(asked.body).toEqual({ pending: true })
    const token = await tokenFor(taken.email)
    expect((await post('auth/confirm-email', { token })).body.code).toBe('email_taken')
    expect((await send<User>(person, 'GET', 'me')).body.email).toBe(person.email)
  })

  test('a new password stops a change that is under way', async () => {
    const person = await makePerson()
    await post('me/email', { email: 'thief@example.com', currentPassword: password }, person)
    const token = await tokenFor('thief@example.com')
    await post('auth/forgot-password', { email: person.email })
    await smtp.next(person.email)
    const reset = await tokenFor(person.email)
    expect((await post('auth/reset-password', { token: reset, newPassword: other })).status).toBe(204)
    expect((await post('auth/confirm-email', { token })).body.code).toBe('link_invalid')
  })
})

test('a link for one purpose does nothing else', async () => {
  const person = await makePerson()
  await post('auth/forgot-password', { email: person.email })
  const token = await tokenFor(person.email)
  expect((await post('auth/confirm-email', { token })).body.code).toBe('link_invalid')
  expect((await post('auth/register', { link: token, name: 'X', password })).body.code).toBe('link_invalid')
  expect((await post('auth/register', { invitation: token, name: 'X', password })).body.code).toBe('link_invalid')
  expect((await post('auth/reset-password', { token: `${token}x`, newPassword: other })).body.code).toBe('link_invalid')
  expect((await post('auth/reset-password', { token, newPassword: other })).status).toBe(204)
})

test('a password is rated without being kept', async () => {
  const weak = await post<{ accepted: boolean; warning: string }>('auth/rate-password', {
    password: 'PatPerson2',
    personal: ['Pat Person'],
  })
  expect(weak.body).toMatchObject({ accepted: false, warning: expect.stringContaining('name') })
  const strong = await post<{ accepted: boolean; score: number }>('auth/rate-password', { password })
  expect(strong.body).toMatchObject({ accepted: true, score: 4 })
})
