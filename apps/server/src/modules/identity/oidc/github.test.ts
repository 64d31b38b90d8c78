import type { SignInProvider, User } from '@parley/contract'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Browser } from '../../../testing/browser.ts'
import { type GithubServer, startGithubServer } from '../../../testing/github-server.ts'
import { begin, bringBack, logInThere, problemAt, signInThrough } from '../../../testing/provider-sign-in.ts'
import { startServer, type TestServer } from '../../../testing/start-server.ts'

let github: GithubServer
let server: TestServer
let browser: Browser

beforeAll(async () => {
  github = await startGithubServer({ id: 1, login: 'nobody', name: null, emails: [] })
  server = await startServer({
    env: {
      PUBLIC_URL: 'http://127.0.0.1:0',
      PARLEY_TRUSTED_PROXIES: '127.0.0.1',
      PARLEY_GITHUB_URL: github.url,
      GITHUB_CLIENT_ID: github.client.id,
      GITHUB_CLIENT_SECRET: github.client.secret,
      PARLEY_SIGNUP_DOMAINS: '*',
      PARLEY_SIGN_IN_RULES: JSON.stringify({
        github: {
          rules: [
            { claim: 'teams', value: 'acme/platform', role: 'admin' },
            { claim: 'organizations', value: 'acme', role: 'member' },
          ],
          defaultRole: 'viewer',
        },
      }),
    },
  })
  github.client.redirectUris = [`${server.url}/api/v1/auth/callback/github`]
})
afterAll(async () => {
  await server.close()
  await github.close()
})
beforeEach(() => {
  browser = new Browser()
})

function comes(id: number, email: string, more: Partial<GithubServer['account']> = {}): void {
  const emails = [
    { email: 'other@example.org', primary: false, verified: true, visibility: null },
    { email, primary: true, verified: true, visibility: 'public' },
  ]
  github.account = { id, login: `login-${id}`, name: 'Grace Hopper', emails, ...more }
}

async function me(): Promise<User> {
  return (await (await browser.fetch(`${server.url}/api/v1/me`)).json()) as User
}

test('signs a person in with the primary address that GitHub verified, known by number and not by login', async () => {
  comes(7, 'Grace@Example.com')
  expect(await signInThrough(server, browser, 'github', null)).toBe('/')
  const first = await me()
  expect(first).toMatchObject({ email: 'grace@example.com', name: 'Grace Hopper', workspace: { role: 'viewer' } })
  expect(github.granted).toBe('read:user user:email read:org')
  comes(7, 'grace@elsewhere.example', { login: 'renamed' })
  browser = new Browser()
  await signInThrough(server, browser, 'github', null)
  expect((await me()).id).toBe(first.id)
  // Somebody else took the login that was given up.
  comes(8, 'mallory@example.com', { login: 'login-7' })
  browser = new Browser()
  await signInThrough(server, browser, 'github', null)
  expect((await me()).id).not.toBe(first.id)
})

test('gives roles by organizations and teams, at every sign-in', async () => {
  comes(20, 'team@example.com', { organizations: ['acme'], teams: ['acme/platform'] })
  await signInThrough(server, browser, 'github', null)
  expect((await me()).workspace.role).toBe('admin')
  comes(20, 'team@example.com', { organizations: ['acme', 'others'] })
  await signInThrough(server, browser, 'github', null)
  expect((await me()).workspace.role).toBe('member')
  comes(20, 'team@example.com')
  await signInThrough(server, browser, 'github', null)
  expect((await me()).workspace.role).toBe('viewer')
})

test('refuses an address that is not verified, a code that was used, and another state', async () => {
  comes(30, 'x@example.com', {
    emails: [{ email: 'owner@example.com', primary: true, verified: false, visibility: null }],
  })
  expect(problemAt(await signInThrough(server, browser, 'github', null))).toBe('email_unverified')
  comes(30, 'x@example.com', { emails: [] })
  expect(problemAt(await signInThrough(server, browser, 'github', null))).toBe('email_missing')
  comes(31, 'y@example.com')
  const back = new URL(await logInThere(server, browser, await begin(server, browser, 'github'), null))
  expect(await bringBack(server, browser, back.href)).toBe('/')
  const begun = new URL(await begin(server, browser, 'github'))
  back.searchParams.set('state', begun.searchParams.get('state')!)
  expect(problemAt(await bringBack(server, browser, back.href))).toBe('code_refused')
  back.searchParams.set('state', 'x'.repeat(43))
  expect(problemAt(await bringBack(server, browser, back.href))).toBe('unknown_state')
})

test('tells when GitHub does not know the client', async () => {
  const tested = () => server.owner.json<SignInProvider>('POST', '/api/v1/sign-in-providers/github/test')
  expect((await tested()).verdict).toMatchObject({ ok: true, code: 'ok' })
  const { secret } = github.client
  github.client.secret = 'another one'
  try {
    expect((await tested()).verdict).toMatchObject({ ok: false, code: 'client_refused' })
    comes(40, 'z@example.com')
    expect(problemAt(await signInThrough(server, browser, 'github', null))).toBe('client_refused')
  } finally {
    github.client.secret = secret
  }
})
