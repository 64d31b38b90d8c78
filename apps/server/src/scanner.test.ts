import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gradeByObservatory } from './testing/observatory.ts'
import { startServer, type TestServer } from './testing/start-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { PUBLIC_URL: 'https://chat.example.com' } })
})
afterAll(() => server.close())

/** As a browser opens an address, through a proxy that adds HTTPS. */
const open = (path: string) => server.anyone.fetch(path, { headers: { accept: 'text/html' } })

const upload = async () => {
  const form = new FormData()
  form.append('file', new Blob(['<script>alert(1)</script>']), 'page.html')
  return (await (await server.owner.fetch('/api/v1/files', { method: 'POST', body: form })).json()) as { id: string }
}

const signIn = () =>
  server.anyone.fetch('/api/v1/auth/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: server.owner.email, password: server.owner.password }),
  })

test.each<[string, () => Promise<Response>, number]>([
  ['the page', () => open('/'), 200],
  ['a page within', () => open('/settings/models'), 200],
  ['a script', async () => open(/src="(\/assets\/[^"]+)"/.exec(await (await open('/')).text())![1]!), 200],
  ['a stylesheet', async () => open(/href="(\/assets\/[^"]+\.css)"/.exec(await (await open('/')).text())![1]!), 200],
  ['the icon', () => open('/favicon.svg'), 200],
  ['the API', () => server.owner.fetch('/api/v1/me'), 200],
  ['a refusal', () => server.anyone.fetch('/api/v1/me'), 401],
  ['nothing there', () => server.anyone.fetch('/api/v1/nothing'), 404],
  ['an address nobody can read', () => server.anyone.fetch('/%zz'), 400],
  ['a sign-in with its cookie', signIn, 200],
  ['a file', async () => server.owner.fetch(`/api/v1/files/${(await upload()).id}/content`), 200],
  ['the description', () => server.anyone.fetch('/openapi.json'), 200],
  ['health', () => server.anyone.fetch('/healthz'), 200],
])('%s has the highest grade', async (_what, get, status) => {
  const response = await get()
  expect(response.status).toBe(status)
  const { found, grade, score } = gradeByObservatory(response.headers, await response.text())
  expect(Object.values(found).filter(([, points]) => points < 0)).toEqual([])
  expect([grade, score]).toEqual(['A+', response.headers.getSetCookie().length > 0 ? 135 : 130])
})

describe('the grading itself', () => {
  const grade = (headers: [string, string][], html?: string) => gradeByObservatory(new Headers(headers), html)

  test('fails a site with nothing', () => {
    expect(grade([])).toMatchObject({ score: 30, grade: 'D' })
  })

  test.each([
    ["default-src *; script-src 'unsafe-inline'", -20],
    ["default-src 'self'; style-src 'unsafe-inline'", 0],
    ["default-src 'self'; script-src 'self' 'unsafe-eval'", -10],
    ["default-src 'self'", 5],
    ["default-src 'none'; script-src 'nonce-a' 'strict-dynamic' https: 'unsafe-inline'", 10],
    ["default-src 'none'; script-src 'strict-dynamic'", -25],
    ["default-src 'none'; img-src http:", -10],
  ])('gives %s %i', (policy, points) => {
    expect(grade([['content-security-policy', policy]]).found['content-security-policy']?.[1]).toBe(points)
  })

  test.each([
    ['parley_session=x', -40],
    ['parley_session=x; Secure', -30],
    ['parley_session=x; Secure; HttpOnly', 0],
    ['parley_session=x; Secure; HttpOnly; SameSite=Lax', 5],
    ['other=x', -20],
    ['other=x; Secure; SameSite=Sometimes', -20],
  ])('gives the cookie %s %i', (cookie, points) => {
    expect(grade([['set-cookie', cookie]]).found.cookies?.[1]).toBe(points)
  })
})

test('the cookie of a session is bound to this host', async () => {
  const [cookie] = (await signIn()).headers.getSetCookie()
  expect(cookie).toMatch(/^__Host-parley_session=[\w-]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
})

test('a page has a nonce of its own, which all of its scripts carry, and turns no text into code', async () => {
  const [first, second] = [await open('/'), await open('/')]
  const policy = (response: Response) => response.headers.get('content-security-policy')!
  const nonce = /script-src 'nonce-([\w+/=]{24})' 'strict-dynamic';/.exec(policy(first))![1]!
  expect(policy(second)).not.toContain(nonce)
  expect(policy(first)).toContain("require-trusted-types-for 'script'; trusted-types 'none'")
  const scripts = (await first.text()).match(/<script\b[^>]*>/g)!
  expect(scripts.length).toBeGreaterThan(1)
  for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`)
})

test('HTTPS is insisted on where people have it, and not under localhost', async () => {
  expect((await open('/')).headers.get('strict-transport-security')).toBe('max-age=63072000')
  const local = await startServer({ env: { PUBLIC_URL: 'https://localhost:3000' } })
  expect((await local.anyone.fetch('/healthz')).headers.get('strict-transport-security')).toBeNull()
  await local.close()
})
