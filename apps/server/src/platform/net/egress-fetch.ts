import { type Dispatcher, type RequestInit as UndiciRequestInit, fetch as undiciFetch } from 'undici'
import { EgressRefused } from './egress-refused.ts'

/** What libraries take as their `fetch`. */
export type Fetch = typeof fetch

const NULL_BODY_STATUS = new Set([204, 205, 304])

/**
 * The global `fetch` bound to a dispatcher, for libraries that take one. Redirects are followed as usual, each hop through
 * the dispatcher and so through its guard. Rejects with EgressRefused itself instead of "fetch failed".
 * Like the global one it takes only Authorization and Cookie off on the way to another origin: who sends keys in other headers
 * asks for `redirect: 'error'`.
 */
export function egressFetch(dispatcher: Dispatcher): Fetch {
  return async (input, init) => {
    const [url, request] = await portableRequest(input, init)
    const response = await fetchThrough(dispatcher, url, request)
    // Libraries test `instanceof Response`, and undici's class is not the global one.
    const body = NULL_BODY_STATUS.has(response.status)
      ? null
      : (response.body as ConstructorParameters<typeof Response>[0])
    const portable = new Response(body, {
      status: response.status,
      statusText: response.statusText,
      headers: [...response.headers],
    })
    return Object.defineProperties(portable, {
      url: { value: response.url },
      redirected: { value: response.redirected },
    })
  }
}

/** undici's fetch through a dispatcher, its refusal unwrapped. */
export async function fetchThrough(dispatcher: Dispatcher, url: string, init: UndiciRequestInit) {
  try {
    return await undiciFetch(url, { ...init, dispatcher })
  } catch (error) {
    if (error instanceof TypeError && error.cause instanceof EgressRefused) throw error.cause
    throw error
  }
}

/** The same request without the global classes Request, Headers and FormData, which undici's fetch does not recognise. */
async function portableRequest(
  input: Parameters<typeof fetch>[0],
  init: RequestInit = {},
): Promise<[string, UndiciRequestInit]> {
  if (!(input instanceof Request) && !(init.body instanceof FormData)) {
    return [String(input), { ...init, headers: [...new Headers(init.headers)] } as UndiciRequestInit]
  }
  const { url, method, headers, body, redirect, signal } = new Request(input, init)
  return [url, { method, headers: [...headers], body, duplex: 'half', redirect, signal }]
}
