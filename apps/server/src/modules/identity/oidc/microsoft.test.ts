import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Dispatcher } from 'undici'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Browser } from '../../../testing/browser.ts'
import { begin, bringBack, problemAt } from '../../../testing/provider-sign-in.ts'
import { startServer, type TestServer } from '../../../testing/start-server.ts'

// Microsoft's addresses are fixed, so what goes to them is led to a server of the test, which speaks as they do.

const home = 'https://login.microsoftonline.com'
const tenant = '8eaef023-2b34-4da1-9baa-8bc8c9d6a490'
const consumers = '9188040d-6c67-4c5b-b112-36a304b66dad'

let microsoft: Server
let server: TestServer
let browser: Browser
/** Claims of the next ID token. */
let claims: Record<string, unknown>
let people = 0

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', use: 'sig', alg: 'RS256' }
  microsoft = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', home)
    const answer = (body: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (pathname === '/organizations/v2.0/.well-known/openid-configuration') {
      // As published, with the tenant left open in the issuer.
      return answer({
        issuer: `${home}/{tenantid}/v2.0`,
        authorization_endpoint: `${home}/organizations/oauth2/v2.0/authorize`,
        token_endpoint: `${home}/organizations/oauth2/v2.0/token`,
        jwks_uri: `${home}/organizations/discovery/v2.0/keys`,
        end_session_endpoint: `${home}/organizations/oauth2/v2.0/logout`,
        token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
        response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
        subject_types_supported: ['pairwise'],
        id_token_signing_alg_values_supported: ['RS256'],
      })
    }
    if (pathname === '/organizations/discovery/v2.0/keys') return answer({ keys: [jwk] })
    if (pathname === '/organizations/oauth2/v2.0/token') {
      const idToken = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'JWT' })
        .setAudience('parley')
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey)
      return answer({ token_type: 'Bearer', expires_in: 3599, access_token: 'EwB', id_token: idToken })
    }
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => microsoft.listen(0, '127.0.0.1', resolve))
  const local = `http://127.0.0.1:${(microsoft.address() as AddressInfo).port}`
  server = await startServer({
    env: {
      PUBLIC_URL: 'http://127.0.0.1:0',
      PARLEY_TRUSTED_PROXIES: '127.0.0.1',
      MICROSOFT_CLIENT_ID: 'parley',
      MICROSOFT_CLIENT_SECRET: 'the secret of the app registration',
      PARLEY_SIGNUP_DOMAINS: '*',
    },
  })
  const { egress } = server.platform
  const straight: Dispatcher = egress.trusted
  egress.trusted = straight.compose((dispatch) => (options, handler) => {
    const origin = String(options.origin)
    return dispatch({ ...options, origin: origin === home ? local : origin }, handler)
  })
})
afterAll(async () => {
  await server.close()
  await new Promise((resolve) => microsoft.close(resolve))
})
beforeEach(() => {
  browser = new Browser()
})

async function comeBack(more: Record<string, unknown>): Promise<string> {
  const url = new URL(await begin(server, browser, 'microsoft'))
  expect(url.origin).toBe(home)
  const { searchParams } = url
  claims = {
    iss: `${home}/${tenant}/v2.0`,
    tid: tenant,
    sub: `person-${++people}`,
    name: 'Megan Bowen',
    email: `megan-${people}@contoso.example`,
    xms_edov: true,
    nonce: searchParams.get('nonce'),
    ...more,
  }
  const back = new URL(searchParams.get('redirect_uri')!)
  back.search = new URLSearchParams({ code: 'M.code', state: searchParams.get('state')! }).toString()
  return bringBack(server, browser, back.href)
}

test('signs in people of any organization, each known by the issuer of their own tenant', async () => {
  expect(await comeBack({ sub: 'megan' })).toBe('/')
  const account = await server.platform.db.selectFrom('connectedAccounts').selectAll().executeTakeFirstOrThrow()
  expect(account).toMatchObject({ issuer: `${home}/${tenant}/v2.0`, subject: 'megan', kind: 'microsoft' })
  // The same subject of another tenant is somebody else.
  const other = '11111111-2222-3333-4444-555555555555'
  browser = new Browser()
  expect(await comeBack({ sub: 'megan', tid: other, iss: `${home}/${other}/v2.0` })).toBe('/')
  const { length } = await server.platform.db.selectFrom('connectedAccounts').selectAll().execute()
  expect(length).toBe(2)
})

test.each([
  ['an issuer of another tenant than tid says', 'wrong_issuer', { iss: `${home}/${consumers}/v2.0` }],
  ['no tenant', 'wrong_issuer', { tid: undefined }],
  ['the open issuer itself', 'wrong_issuer', { iss: `${home}/{tenantid}/v2.0` }],
  ['a tenant that is not one', 'wrong_tenant', { tid: '{tenantid}', iss: `${home}/{tenantid}/v2.0` }],
  ['a personal account', 'wrong_tenant', { tid: consumers, iss: `${home}/${consumers}/v2.0` }],
  // Administrators write any address into their tenant; it counts where the domain is known to be theirs.
  [
    'an address that is not known to be the tenant’s',
    'email_unverified',
    { xms_edov: undefined, email_verified: true },
  ],
  ['an address of another domain', 'email_unverified', { xms_edov: false }],
  ['another nonce', 'wrong_nonce', { nonce: 'x' }],
])('refuses %s', async (_what, problem, more) => {
  expect(problemAt(await comeBack(more))).toBe(problem)
  expect((await browser.fetch(`${server.url}/api/v1/me`)).status).toBe(401)
})
