import type { Problem } from '@parley/contract'

export interface Answer<T> {
  status: number
  body: T
  headers: Headers
}

/** A browser without a screen: it keeps cookies, and sends what a page of ours would. */
export interface TestBrowser {
  send<T = Problem>(method: string, path: string, body?: unknown): Promise<Answer<T>>
  /** The same, but fails unless the answer is 2xx. */
  json<T>(method: string, path: string, body?: unknown): Promise<T>
  cookies: Map<string, string>
  /** What to send it with, for what is not JSON. */
  headers(): Record<string, string>
}

let opened = 0

/**
 * A browser that was never here before. Paths are below `/api/v1/`. Where the server trusts this machine as a proxy, each
 * browser has an address of its own.
 */
export function openTestBrowser(url: string, more: Record<string, string> = {}): TestBrowser {
  const cookies = new Map<string, string>()
  opened++
  const address = `198.18.${opened >> 8}.${opened & 255}`
  const browser: TestBrowser = {
    cookies,
    headers: () => ({
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      origin: url,
      'sec-fetch-site': 'same-origin',
      'parley-client': 'test',
      'x-forwarded-for': address,
      'user-agent':
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
      ...more,
    }),
    async send<T>(method: string, path: string, body?: unknown) {
      const response = await fetch(`${url}/api/v1/${path}`, {
        method,
        headers: { ...browser.headers(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
        if (value === '') cookies.delete(name)
        else cookies.set(name, value)
      }
      const text = await response.text()
      const answer = (text === '' ? undefined : JSON.parse(text)) as T
      return { status: response.status, body: answer, headers: response.headers }
    },
    async json<T>(method: string, path: string, body?: unknown) {
      const answer = await browser.send<T>(method, path, body)
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body
    },
  }
  return browser
}
