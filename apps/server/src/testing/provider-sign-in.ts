import type { Browser } from './browser.ts'
import type { TestServer } from './start-server.ts'

/** Begins a sign-in in this browser; answers where it is sent. */
export async function begin(
  server: TestServer,
  browser: Browser,
  providerId: string,
  body: { next?: string; workspaceId?: string } = {},
): Promise<string> {
  const response = await browser.fetch(`${server.url}/api/v1/auth/providers/${providerId}/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as { url?: string }
  if (answer.url === undefined) throw new Error(`did not begin: ${JSON.stringify(answer)}`)
  return answer.url
}

/** Logs in at the identity provider, or cancels; answers the address that the browser is led back to. */
export async function logInThere(
  server: TestServer,
  browser: Browser,
  url: string,
  login: string | null,
): Promise<string> {
  const isBack = (address: string) => address.startsWith(`${server.url}/`)
  const page = await browser.follow(url, isBack)
  if (isBack(page.url)) return page.url
  const sent = await browser.fetch(page.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(login === null ? { do: 'stop' } : { do: 'go', login }).toString(),
  })
  const location = sent.headers.get('location')
  if (location === null) throw new Error(`the identity provider answered ${sent.status}: ${await sent.text()}`)
  return (await browser.follow(new URL(location, page.url).href, isBack)).url
}

/** The whole way; answers the path that the browser ends at. */
export async function signInThrough(
  server: TestServer,
  browser: Browser,
  providerId: string,
  login: string | null,
  body: { next?: string; workspaceId?: string } = {},
): Promise<string> {
  const back = await logInThere(server, browser, await begin(server, browser, providerId, body), login)
  return bringBack(server, browser, back)
}

/** Opens the address that the provider led back to; answers where that leads, as a path. */
export async function bringBack(server: TestServer, browser: Browser, back: string): Promise<string> {
  const response = await browser.fetch(back)
  const location = response.headers.get('location')
  if (response.status !== 303 || location === null) {
    throw new Error(`the callback answered ${response.status}: ${await response.text()}`)
  }
  return new URL(location, server.url).href.replace(server.url, '')
}

/** The problem that a path of the error page names. */
export function problemAt(path: string): string | null {
  if (!path.startsWith('/login/problem?')) throw new Error(`not refused, but led to ${path}`)
  return new URL(path, 'http://x').searchParams.get('problem')
}
