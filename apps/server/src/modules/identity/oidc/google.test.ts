import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { User } from '@parley/contract'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Dispatcher } from 'undici'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Browser } from '../../../testing/browser.ts'
import { begin, bringBack, problemAt } from '../../../testing/provider-sign-in.ts'
import { startServer, type TestServer } from '../../../testing/start-server.ts'

// Google's addresses are fixed, so what goes to them is led to a server of the test, which speaks as they do.

const home = 'https://accounts.google.com'
const tokens = 'https://oauth2.googleapis.com'
const keys = 'https://www.googleapis.com'

let google: Server
let server: TestServer
let browser: Browser
/** Claims of the next ID token. */
let claims: Record<string, unknown>
let people = 0

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', use: 'sig', alg: 'RS256' }
  google = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', home)
    const answer = (body: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (pathname === '/.well-known/openid-configuration') {
      return answer({
        issuer: home,
        authorization_endpoint: `${home}/o/oauth2/v2/auth`,
        token_endpoint: `${tokens}/token`,
        jwks_uri: `${keys}/oauth2/v3/certs`,
        response_types_supported: ['code', 'token', 'id_token', 'code token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        scopes_supported: ['openid', 'email', 'profile'],
        token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
        claims_supported: ['aud', 'email', 'email_verified', 'exp', 'hd', 'iat', 'iss', 'name', 'picture', 'sub'],
        code_challenge_methods_supported: ['plain', 'S256'],
      })
    }
    if (pathname === '/oauth2/v3/certs') return answer({ keys: [jwk] })
    if (pathname === '/token') {
      const idToken = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'JWT' })
        .setAudience('parley')
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey)
      return answer({ token_type: 'Bearer', expires_in: 3599, access_token: 'ya29.a0', id_token: idToken })
    }
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => google.listen(0, '127.0.0.1', resolve))
  const local = `http://127.0.0.1:${(google.address() as AddressInfo).port}`
  server = await startServer({
    env: {
      PUBLIC_URL: 'http://127.0.0.1:0',
      PARLEY_TRUSTED_PROXIES: '127.0.0.1',
      GOOGLE_CLIENT_ID: 'parley',
      GOOGLE_CLIENT_SECRET: 'the secret of the OAuth client',
      PARLEY_SIGNUP_DOMAINS: 'example.com,gmail.com',
      PARLEY_SIGN_IN_RULES:
        '{"google":{"rules":[{"claim":"hd","value":"partner.example","role":"viewer"}],"defaultRole":"member"}}',
    },
  })
  const { egress } = server.platform
  const straight: Dispatcher = egress.trusted
  egress.trusted = straight.compose((dispatch) => (options, handler) => {
    const origin = String(options.origin)
    return dispatch({ ...options, origin: [home, tokens, keys].includes(origin) ? local : origin }, handler)
  })
})
afterAll(async () => {
  await server.close()
  await new Promise((resolve) => google.close(resolve))
})
beforeEach(() => {
  browser = new Browser()
})

async function comeBack(email: string, more: Record<string, unknown> = {}): Promise<string> {
  const url = new URL(await begin(server, browser, 'google'))
  expect(url.origin).toBe(home)
  const { searchParams } = url
  claims = {
    iss: home,
    sub: `1076915050${++people}`,
    name: 'Gwen Google',
    email,
    email_verified: true,
    nonce: searchParams.get('nonce'),
    ...more,
  }
  const back = new URL(searchParams.get('redirect_uri')!)
  back.search = new URLSearchParams({ code: '4/0A', state: searchParams.get('state')! }).toString()
  return bringBack(server, browser, back.href)
}

async function me(): Promise<User> {
  return (await (await browser.fetch(`${server.url}/api/v1/me`)).json()) as User
}

test('lets in whom the company’s own domain stands for', async () => {
  expect(await comeBack('gwen@example.com', { hd: 'example.com' })).toBe('/')
  expect(await me()).toMatchObject({
    email: 'gwen@example.com',
    emailVerified: true,
    workspace: { role: 'member' },
  })
})

test.each([
  // Google keeps accounts under an address whose company has nothing to do with it, or that its owner has left.
  ['nobody stands for the address', 'greg@example.com', {}],
  ['another company does', 'greg@example.com', { hd: 'elsewhere.example' }],
  ['a company that only looks alike does', 'greg@example.com', { hd: 'example.com.elsewhere.example' }],
  ['the company is not a text', 'greg@example.com', { hd: ['example.com'] }],
  ['the address is at a domain below', 'greg@sub.example.com', { hd: 'example.com' }],
])('keeps out whom a domain would let in, where %s', async (_why, email, more) => {
  expect(problemAt(await comeBack(email, more))).toBe('not_admitted')
  expect((await browser.fetch(`${server.url}/api/v1/me`)).status).toBe(401)
  expect(await server.platform.db.selectFrom('users').select('id').where('email', '=', email).execute()).toEqual([])
})

test('takes Google’s own word for its own domain', async () => {
  expect(await comeBack('gwen@gmail.com')).toBe('/')
  expect((await me()).workspace.role).toBe('member')
})

test('takes no address that is not verified, whatever the domain', async () => {
  const unverified = { hd: 'example.com', email_verified: false }
  expect(problemAt(await comeBack('gina@example.com', unverified))).toBe('email_unverified')
})

test('goes by the domain in rules, too', async () => {
  expect(await comeBack('pat@partner.example', { hd: 'partner.example' })).toBe('/')
  expect((await me()).workspace.role).toBe('viewer')
  browser = new Browser()
  expect(problemAt(await comeBack('paul@partner.example'))).toBe('not_admitted')
})
