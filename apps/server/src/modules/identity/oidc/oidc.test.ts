import type { ConnectedAccount, Page, Problem, SignInSettings, User } from '@parley/contract'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../platform/context.ts'
import { Browser } from '../../../testing/browser.ts'
import { type IdentityProvider, startIdentityProvider } from '../../../testing/identity-provider.ts'
import { begin, bringBack, logInThere, problemAt, signInThrough } from '../../../testing/provider-sign-in.ts'
import { startServer, type TestServer } from '../../../testing/start-server.ts'
import { fromBase32, stepOf, totpCode } from '../second-factor/totp.ts'

const secret = 'the secret of the client, which nobody sees'

let idp: IdentityProvider
let server: TestServer
let browser: Browser
let people = 0
/** The log, line by line. */
const lines: string[] = []

beforeAll(async () => {
  idp = await startIdentityProvider()
  server = await startServer({
    logTo: (line) => void lines.push(line),
    env: {
      PUBLIC_URL: 'http://127.0.0.1:0',
      PARLEY_TRUSTED_PROXIES: '127.0.0.1',
      PARLEY_OIDC_ISSUER: idp.issuer,
      PARLEY_OIDC_CLIENT_ID: 'parley',
      PARLEY_OIDC_CLIENT_SECRET: secret,
      PARLEY_SIGNUP_DOMAINS: 'example.com',
      PARLEY_SIGN_IN_TRUST_MFA: 'oidc',
    },
  })
  idp.register({
    id: 'parley',
    secret,
    redirectUris: [`${server.url}/api/v1/auth/callback/oidc`],
    signOutTo: [`${server.url}/login`],
  })
})
afterAll(async () => {
  await server.close()
  await idp.close()
})
beforeEach(() => {
  browser = new Browser()
})
afterEach(() => {
  idp.tamper = undefined
  idp.signWithAnotherKey = false
  server.platform.clock = systemClock
})

/** Somebody new at the identity provider, with a verified address at example.com unless said otherwise. */
function account(more: Record<string, unknown> = {}): { sub: string; email: string } {
  const sub = `person-${++people}`
  const made = { sub, email: `${sub}@example.com`, email_verified: true, name: `Person ${people}`, ...more }
  idp.accounts.push(made)
  return made as { sub: string; email: string }
}

async function me(as = browser): Promise<{ status: number; user: User }> {
  const response = await as.fetch(`${server.url}/api/v1/me`)
  return { status: response.status, user: (await response.json()) as User }
}

async function send<T = Problem>(as: Browser, method: string, path: string, body?: unknown) {
  const response = await as.fetch(`${server.url}/api/v1/${path}`, {
    method,
    headers: {
      origin: server.url,
      'parley-client': 'test',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T }
}

/** Signs the owner in with the password, in a browser of their own. */
async function ownersBrowser(): Promise<Browser> {
  const own = new Browser()
  const { email, password } = server.owner
  expect((await send(own, 'POST', 'auth/login', { email, password })).status).toBe(200)
  return own
}

async function refusalOf(login: string): Promise<string | null> {
  const problem = problemAt(await signInThrough(server, browser, 'oidc', login))
  expect((await me()).status).toBe(401)
  return problem
}

describe('signing in', () => {
  test('makes an account once, and knows the person by issuer and subject, whatever the address', async () => {
    const person = account()
    expect(await signInThrough(server, browser, 'oidc', person.sub, { next: '/settings/models?x=1#y' })).toBe(
      '/settings/models?x=1#y',
    )
    const first = (await me()).user
    expect(first).toMatchObject({ email: person.email, name: `Person ${people}` })
    expect(first.workspace).toMatchObject({ id: server.owner.signedIn.user.workspace.id, role: 'member' })
    Object.assign(idp.accounts.at(-1)!, { email: 'another@elsewhere.example', email_verified: false })
    browser = new Browser()
    expect(await signInThrough(server, browser, 'oidc', person.sub)).toBe('/')
    expect((await me()).user.id).toBe(first.id)
  })

  test('takes only the code flow with PKCE, state and nonce', async () => {
    const url = new URL(await begin(server, browser, 'oidc'))
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      scope: 'openid profile email',
      redirect_uri: `${server.url}/api/v1/auth/callback/oidc`,
    })
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(url.searchParams.get(name)).toMatch(/^[\w-]{43}$/)
    }
  })

  test.each([
    'https://elsewhere.example/',
    '//elsewhere.example',
    '/\\elsewhere.example',
    '/.//elsewhere.example',
    '/%0d%0a/../\t/elsewhere.example',
    'javascript:alert(1)',
    '/api/v1/me/export',
  ])('leads from a sign-in to no other place: %s', async (next) => {
    const path = await signInThrough(server, browser, 'oidc', account().sub, { next })
    expect(new URL(path, server.url).origin).toBe(server.url)
    expect(path).toMatch(/^\/(%0d%0a.*)?$/)
  })

  test('is refused where no domain lets the person in, and makes nobody', async () => {
    const outsider = account({ email: 'someone@elsewhere.example' })
    expect(await refusalOf(outsider.sub)).toBe('not_admitted')
  })

  test('needs an address that the provider verified', async () => {
    expect(await refusalOf(account({ email_verified: false }).sub)).toBe('email_unverified')
    browser = new Browser()
    expect(await refusalOf(account({ email: undefined }).sub)).toBe('email_missing')
  })

  test('counts as two factors only where the operator takes the word of the provider', async () => {
    await signInThrough(server, browser, 'oidc', account({ amr: ['pwd', 'mfa'] }).sub)
    const { user } = await me()
    const session = await server.platform.db
      .selectFrom('sessions')
      .select(['method', 'providerId', 'secondFactorAt', 'onlyWorkspaceId'])
      .where('userId', '=', user.id)
      .executeTakeFirstOrThrow()
    expect(session).toMatchObject({ method: 'provider', providerId: 'oidc', onlyWorkspaceId: null })
    expect(session.secondFactorAt).not.toBeNull()
  })

  test('asks for the second factor of whoever has one, and what the provider vouched for stays with the session', async () => {
    const { sub } = account()
    await signInThrough(server, browser, 'oidc', sub)
    const key = fromBase32((await send<{ secret: string }>(browser, 'POST', 'me/totp')).body.secret)
    const step = stepOf(new Date())
    expect((await send(browser, 'POST', 'me/totp/confirm', { code: totpCode(key, step) })).status).toBe(200)
    browser = new Browser()
    const [path, asked] = (await signInThrough(server, browser, 'oidc', sub)).split('#')
    expect(path).toBe('/login')
    expect((await me()).status).toBe(401)
    const challenge = new URLSearchParams(asked).get('challenge')
    const answer = { method: 'totp', challenge, code: totpCode(key, step + 1) }
    expect((await send(browser, 'POST', 'auth/second-factor', answer)).status).toBe(200)
    const { body } = await send<{ continueAt: string | null }>(browser, 'POST', 'auth/logout')
    expect(body.continueAt).toMatch(`${idp.issuer}/session/end`)
  })

  test('ends with the session at the provider, when signing out', async () => {
    await signInThrough(server, browser, 'oidc', account().sub)
    const { body } = await send<{ continueAt: string }>(browser, 'POST', 'auth/logout')
    const url = new URL(body.continueAt)
    expect(url.origin + url.pathname).toBe(`${idp.issuer}/session/end`)
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe(`${server.url}/login`)
    expect(url.searchParams.get('id_token_hint')).toMatch(/^eyJ/)
    expect((await me()).status).toBe(401)
    const owner = await ownersBrowser()
    expect((await send(owner, 'POST', 'auth/logout')).body).toEqual({ continueAt: null })
  })
})

describe('a sign-in is refused', () => {
  test('with another state, or none', async () => {
    const back = new URL(await logInThere(server, browser, await begin(server, browser, 'oidc'), account().sub))
    for (const state of ['x'.repeat(43), '', null]) {
      const changed = new URL(back)
      if (state === null) changed.searchParams.delete('state')
      else changed.searchParams.set('state', state)
      expect(problemAt(await bringBack(server, browser, changed.href))).toBe('unknown_state')
    }
    expect((await me()).status).toBe(401)
    // What was begun is still there for the right answer, so that the refusals were for the state alone.
    expect(await bringBack(server, browser, back.href)).toBe('/')
  })

  test('in a browser that did not begin it, without using it up', async () => {
    const back = await logInThere(server, browser, await begin(server, browser, 'oidc'), account().sub)
    const victim = new Browser()
    expect(problemAt(await bringBack(server, victim, back))).toBe('other_browser')
    expect((await me(victim)).status).toBe(401)
    expect(await bringBack(server, browser, back)).toBe('/')
  })

  test('with an answer that was used, and with a code that was', async () => {
    const person = account()
    const back = await logInThere(server, browser, await begin(server, browser, 'oidc'), person.sub)
    expect(await bringBack(server, browser, back)).toBe('/')
    expect(problemAt(await bringBack(server, browser, back))).toBe('already_used')
    // The code with a state of the thief's own.
    const thief = new Browser()
    const begun = new URL(await begin(server, thief, 'oidc'))
    const stolen = new URL(back)
    stolen.searchParams.set('state', begun.searchParams.get('state')!)
    expect(problemAt(await bringBack(server, thief, stolen.href))).toBe('code_refused')
    expect((await me(thief)).status).toBe(401)
  })

  test('with a fresh code of somebody else’s sign-in: the verifier is not the one', async () => {
    const back = new URL(await logInThere(server, browser, await begin(server, browser, 'oidc'), account().sub))
    const thief = new Browser()
    const begun = new URL(await begin(server, thief, 'oidc'))
    back.searchParams.set('state', begun.searchParams.get('state')!)
    expect(problemAt(await bringBack(server, thief, back.href))).toBe('code_refused')
  })

  test('with an answer from another issuer (RFC 9207), or from none', async () => {
    for (const iss of ['https://elsewhere.example', null]) {
      const back = new URL(await logInThere(server, browser, await begin(server, browser, 'oidc'), account().sub))
      expect(back.searchParams.get('iss')).toBe(idp.issuer)
      if (iss === null) back.searchParams.delete('iss')
      else back.searchParams.set('iss', iss)
      expect(problemAt(await bringBack(server, browser, back.href))).toBe('wrong_issuer')
    }
  })

  test('at the address of another provider', async () => {
    const back = new URL(await logInThere(server, browser, await begin(server, browser, 'oidc'), account().sub))
    back.pathname = back.pathname.replace('/oidc', '/google')
    expect(problemAt(await bringBack(server, browser, back.href))).toBe('wrong_issuer')
  })

  const seconds = () => Math.floor(Date.now() / 1000)
  test.each([
    ['another nonce', 'wrong_nonce', () => ({ nonce: 'x'.repeat(43) })],
    ['no nonce', 'token_invalid', () => ({ nonce: undefined })],
    ['another issuer', 'wrong_issuer', () => ({ iss: 'https://elsewhere.example' })],
    ['another audience', 'token_invalid', () => ({ aud: 'another-client' })],
    ['an end that is past', 'token_expired', () => ({ exp: seconds() - 40 })],
    ['a beginning that is to come', 'token_expired', () => ({ nbf: seconds() + 90 })],
    ['an issue date that is to come', 'token_invalid', () => ({ iat: seconds() + 300 })],
    ['the hash of another access token', 'token_invalid', () => ({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' })],
  ])('with an ID token that has %s', async (_what, problem, changes) => {
    const person = account()
    idp.tamper = (claims) => ({ ...claims, ...changes() })
    expect(await refusalOf(person.sub)).toBe(problem)
    idp.tamper = (claims) => claims // signed anew, and otherwise as it was
    expect(await signInThrough(server, browser, 'oidc', person.sub)).toBe('/')
  })

  test('with an ID token a little late it is not, as clocks differ', async () => {
    idp.tamper = (claims) => ({ ...claims, exp: Math.floor(Date.now() / 1000) - 10 })
    expect(await signInThrough(server, browser, 'oidc', account().sub)).toBe('/')
  })

  test('with an ID token that someone else signed', async () => {
    idp.signWithAnotherKey = true
    expect(await refusalOf(account().sub)).toBe('token_invalid')
  })

  test('when the person cancels, or takes too long', async () => {
    expect(problemAt(await signInThrough(server, browser, 'oidc', null))).toBe('denied')
    const back = await logInThere(server, browser, await begin(server, browser, 'oidc'), account().sub)
    server.platform.clock = { now: () => new Date(Date.now() + 11 * 60_000) }
    expect(problemAt(await bringBack(server, browser, back))).toBe('took_too_long')
  })

  test('by a HEAD request nothing is used up', async () => {
    const back = await logInThere(server, browser, await begin(server, browser, 'oidc'), account().sub)
    await browser.fetch(back, { method: 'HEAD' })
    expect(await bringBack(server, browser, back)).toBe('/')
  })

  test('and what is logged of it holds no secret', async () => {
    lines.length = 0
    idp.tamper = (claims) => ({ ...claims, nonce: 'a nonce that is secret' })
    const person = account()
    const back = await logInThere(server, browser, await begin(server, browser, 'oidc'), person.sub)
    await bringBack(server, browser, back)
    const text = lines.join('\n')
    expect(text).toContain('A sign-in was refused.')
    expect(text).toContain('wrong_nonce')
    const { searchParams } = new URL(back)
    for (const each of [searchParams.get('code')!, searchParams.get('state')!, 'a nonce that', 'eyJ', person.email]) {
      expect(text).not.toContain(each)
    }
    expect(lines.join('\n')).not.toContain(secret)
  })
})

describe('an address that is an account here already', () => {
  test('connects nothing by itself: the person says so with the password', async () => {
    const { email, password, signedIn } = server.owner
    const twin = account({ email, name: 'Impostor' })
    expect(await signInThrough(server, browser, 'oidc', twin.sub, { next: '/c/1' })).toBe('/login/connect')
    expect((await me()).status).toBe(401)
    const pending = await send(browser, 'GET', 'auth/connection')
    const waiting = { providerName: 'Single sign-on', kind: 'oidc', email, signedIn: false, next: '/c/1' }
    expect(pending.body).toEqual({ pending: waiting })
    expect((await send(new Browser(), 'GET', 'auth/connection')).body).toEqual({ pending: null })
    const wrong = await send(browser, 'POST', 'auth/connection', { password: 'not the password' })
    expect([wrong.status, wrong.body.code]).toEqual([401, 'invalid_credentials'])
    const stranger = await send(new Browser(), 'POST', 'auth/connection', { password })
    expect(stranger.status).toBe(404)

    expect((await send(browser, 'POST', 'auth/connection', { password })).status).toBe(200)
    expect((await me()).user).toMatchObject({ id: signedIn.user.id, name: signedIn.user.name })
    expect((await send(browser, 'POST', 'auth/connection', { password })).status).toBe(404)
    browser = new Browser()
    expect(await signInThrough(server, browser, 'oidc', twin.sub)).toBe('/')
    expect((await me()).user.id).toBe(signedIn.user.id)
    const { data } = (await send<Page<ConnectedAccount>>(browser, 'GET', 'me/connected-accounts')).body
    expect((await send(browser, 'DELETE', `me/connected-accounts/${data[0]!.id}`)).status).toBe(204)
  })

  test('or by being signed in to it, in the same browser', async () => {
    const twin = account({ email: server.owner.email })
    browser = await ownersBrowser()
    expect(await signInThrough(server, browser, 'oidc', twin.sub)).toBe('/login/connect')
    expect((await send(browser, 'GET', 'auth/connection')).body).toMatchObject({ pending: { signedIn: true } })
    const connected = await send<ConnectedAccount>(browser, 'POST', 'me/connected-accounts/pending')
    expect(connected.body).toMatchObject({ label: server.owner.email, kind: 'oidc' })
    expect((await send(browser, 'DELETE', `me/connected-accounts/${connected.body.id}`)).status).toBe(204)
  })

  test('but not by being signed in as somebody else', async () => {
    await signInThrough(server, browser, 'oidc', account().sub)
    browser.jarOf(idp.issuer).clear()
    const twin = account({ email: server.owner.email })
    expect(await signInThrough(server, browser, 'oidc', twin.sub)).toBe('/login/connect')
    expect((await send(browser, 'POST', 'me/connected-accounts/pending')).body.code).toBe('forbidden')
  })
})

describe('connected accounts', () => {
  async function connect(as: Browser, login: string): Promise<string> {
    const begun = await send<{ url: string }>(as, 'POST', 'me/connected-accounts', {
      providerId: 'oidc',
      next: '/settings/security',
    })
    return bringBack(server, as, await logInThere(server, as, begun.body.url, login))
  }

  test('are added by whoever is signed in, and sign them in from then on', async () => {
    const other = account({ email: 'quite-another@elsewhere.example', email_verified: false })
    const owner = await ownersBrowser()
    expect(await connect(owner, other.sub)).toBe('/settings/security')
    await signInThrough(server, browser, 'oidc', other.sub)
    expect((await me()).user.id).toBe(server.owner.signedIn.user.id)
    // Somebody else cannot have it as well.
    const thief = new Browser()
    await signInThrough(server, thief, 'oidc', account().sub)
    thief.jarOf(idp.issuer).clear()
    expect(problemAt(await connect(thief, other.sub))).toBe('account_taken')
    const { data } = (await send<Page<ConnectedAccount>>(owner, 'GET', 'me/connected-accounts')).body
    expect(data).toHaveLength(1)
    const foreign = await send(thief, 'DELETE', `me/connected-accounts/${data[0]!.id}`)
    expect(foreign.status).toBe(404)
    expect((await send(owner, 'DELETE', `me/connected-accounts/${data[0]!.id}`)).status).toBe(204)
  })

  test('are not added to whoever signed in meanwhile', async () => {
    const owner = await ownersBrowser()
    const begun = await send<{ url: string }>(owner, 'POST', 'me/connected-accounts', { providerId: 'oidc' })
    const back = await logInThere(server, owner, begun.body.url, account().sub)
    await send(owner, 'POST', 'auth/logout')
    expect(problemAt(await bringBack(server, owner, back))).toBe('session_changed')
  })

  test('stay when they are the only way to sign in', async () => {
    await signInThrough(server, browser, 'oidc', account().sub)
    const { data } = (await send<Page<ConnectedAccount>>(browser, 'GET', 'me/connected-accounts')).body
    expect(data[0]).toMatchObject({ removable: false, providerName: 'Single sign-on' })
    const refused = await send(browser, 'DELETE', `me/connected-accounts/${data[0]!.id}`)
    expect([refused.status, refused.body.code]).toEqual([409, 'last_sign_in_method'])
    expect((await me()).status).toBe(200)
  })
})

describe('single sign-on only', () => {
  afterEach(async () => {
    await server.owner.json('PATCH', '/api/v1/workspace/sign-in', { ssoOnly: false, ssoProviders: [] })
  })

  test('needs that whoever turns it on has signed in that way; then passwords are refused, but not to owners', async () => {
    const register = { email: `word-${++people}@example.com`, password: 'a long password', name: 'Pat Word' }
    server.platform.config.identity.signup = 'open'
    const member = new Browser()
    expect((await send(member, 'POST', 'auth/register', register)).status).toBe(201)
    server.platform.config.identity.signup = 'invite'
    const owner = await ownersBrowser()
    const tooEarly = await send(owner, 'PATCH', 'workspace/sign-in', { ssoOnly: true })
    expect([tooEarly.status, tooEarly.body.code]).toEqual([422, 'unprocessable'])

    const own = account({ email: server.owner.email })
    await signInThrough(server, browser, 'oidc', own.sub)
    await send(browser, 'POST', 'auth/connection', { password: server.owner.password })
    const on = await send<SignInSettings>(owner, 'PATCH', 'workspace/sign-in', {
      ssoOnly: true,
      ssoProviders: ['oidc'],
    })
    expect(on.body).toMatchObject({ ssoOnly: true, ssoProviders: ['oidc'] })

    expect((await me(member)).status).toBe(401) // the session they had
    const refused = await send(member, 'POST', 'auth/login', { email: register.email, password: register.password })
    expect([refused.status, refused.body.code]).toEqual([403, 'sso_required'])
    server.platform.config.identity.signup = 'open'
    const newcomer = { email: `late-${++people}@example.com`, password: 'a long password', name: 'Lee Late' }
    expect((await send(new Browser(), 'POST', 'auth/register', newcomer)).body.code).toBe('sso_required')
    server.platform.config.identity.signup = 'invite'
    // A wrong password is still told first, so that nobody learns who is a member.
    const wrong = await send(member, 'POST', 'auth/login', { email: register.email, password: 'not the password' })
    expect(wrong.body.code).toBe('invalid_credentials')
    await ownersBrowser()
    server.platform.config.identity.signIn.ownersKeepPassword = false
    const { email, password } = server.owner
    expect((await send(new Browser(), 'POST', 'auth/login', { email, password })).body.code).toBe('sso_required')
    server.platform.config.identity.signIn.ownersKeepPassword = true

    // The member gets there by connecting the provider with the password.
    const theirs = account({ email: register.email })
    member.jarOf(server.url).clear()
    expect(await signInThrough(server, member, 'oidc', theirs.sub)).toBe('/login/connect')
    expect((await send(member, 'POST', 'auth/connection', { password: register.password })).status).toBe(200)
    expect((await me(member)).status).toBe(200)
  })
})
