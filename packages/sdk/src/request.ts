import type { Endpoint, InputOf, ResponseOf } from '@parley/contract'
import { backOffMs, pause } from './back-off.ts'
import { errorOf, ParleyError } from './parley-error.ts'
import { randomKey } from './random-key.ts'
import type { RequestSigner } from './sign-request.ts'

export interface ParleyOptions {
  /** Where the server is: `https://parley.example.com`. Default: the page's own origin. */
  baseUrl?: string
  /** An API key. Without one, the browser's session cookie is the credential. */
  apiKey?: string
  /** Signs every request, for a key that asks for it: `createSigner`. */
  signer?: RequestSigner
  /** Replaces the global `fetch`. */
  fetch?: typeof fetch
  /**
   * A request that came too soon (`rate_limited`) is sent again by itself when it has to wait no longer than this; it did
   * nothing the first time. Default: 5,000 ms.
   */
  waitForLimitMs?: number
  /** Sent with every request. */
  headers?: Record<string, string>
}

export interface CallOptions {
  signal?: AbortSignal
  /** Names the request: repeated with the same key, it gets the first one's answer. Made up for each call by default. */
  idempotencyKey?: string
}

/** What an endpoint takes, without the keys it has no schema for. */
export type CallInput<E> = Needed<InputOf<E>> & CallOptions
type Needed<I> = { [K in keyof I as undefined extends I[K] ? never : K]: I[K] } & {
  [K in keyof I as undefined extends I[K] ? K : never]?: I[K]
}
type AnyInput = { params?: unknown; query?: unknown; body?: unknown } & CallOptions

/** Speaks HTTP to one server as one caller. */
export interface Requester {
  /** Calls an endpoint. Throws `ParleyError`, or the signal's reason. */
  call<E extends Endpoint>(endpoint: E, input: CallInput<E>): Promise<ResponseOf<E>>
  /** Sends a request with the caller's credential and gives the answer as it is; throws `ParleyError` unless it is 2xx. */
  send(path: string, init: RequestInit): Promise<Response>
  url(path: string): URL
  /** Headers that carry the caller's credential, signed where the key asks for it. */
  credentials(request: { method: string; url: URL; headers?: Record<string, string> }): Promise<Record<string, string>>
  apiKey: string | undefined
}

const attempts = 4

export function createRequester(options: ParleyOptions): Requester {
  const base = options.baseUrl ?? (globalThis as { location?: { origin: string } }).location?.origin
  if (!base) throw new TypeError('createParley needs baseUrl outside of a browser')
  const { waitForLimitMs = 5_000 } = options
  const request = options.fetch ?? globalThis.fetch.bind(globalThis)
  // A page of ours shows by the second header that it is one: no other site's page may send it.
  const credential: Record<string, string> = options.apiKey
    ? { authorization: `Bearer ${options.apiKey}` }
    : { 'parley-client': 'sdk' }

  const { signer } = options

  const requester: Requester = {
    apiKey: options.apiKey,
    url: (path) => new URL(path, base),
    async credentials({ method, url, headers = {} }) {
      return { ...credential, ...(await signer?.sign({ method, url, headers, body: undefined })) }
    },
    async send(path, init) {
      const url = requester.url(path)
      const plain = { ...options.headers, ...credential, ...(init.headers as Record<string, string>) }
      const prepared = { ...init, headers: plain }
      let response: Response
      try {
        const ready = signer ? await signedInit(signer, url, prepared) : prepared
        response = await request(url, { ...ready, credentials: 'same-origin' })
      } catch (cause) {
        init.signal?.throwIfAborted()
        throw new ParleyError('network', 'The server could not be reached.', { cause })
      }
      if (!response.ok) throw await errorOf(response)
      return response
    },
    async call(endpoint, given) {
      const input: AnyInput = given
      const headers: Record<string, string> = { accept: 'application/json' }
      if (input.body !== undefined) headers['content-type'] = 'application/json'
      if (endpoint.idempotent) headers['idempotency-key'] = input.idempotencyKey ?? randomKey()
      const init: RequestInit = { method: endpoint.method, headers, signal: input.signal }
      if (input.body !== undefined) init.body = JSON.stringify(input.body)

      const path = pathOf(endpoint.path, input.params) + queryOf(input.query)
      const repeatable = endpoint.method === 'GET' || endpoint.method === 'PUT' || endpoint.idempotent === true
      for (let attempt = 1; ; attempt++) {
        try {
          const response = await requester.send(path, init)
          return (endpoint.response ? await response.json() : undefined) as ResponseOf<typeof endpoint>
        } catch (error) {
          input.signal?.throwIfAborted()
          if (attempt === attempts) throw error
          const waitMs = limitWaitMs(error)
          if (waitMs !== undefined && waitMs <= waitForLimitMs) await pause(waitMs, input.signal)
          else if (repeatable && isPassing(error)) await pause(backOffMs(attempt), input.signal)
          else throw error
        }
      }
    },
  }
  return requester
}

/** The same request with its signature; a form is turned into the bytes that are sent, since they are what is signed. */
async function signedInit(
  signer: RequestSigner,
  url: URL,
  init: RequestInit & { headers: Record<string, string> },
): Promise<RequestInit> {
  const headers = Object.fromEntries(Object.entries(init.headers).map(([name, value]) => [name.toLowerCase(), value]))
  let body: Uint8Array<ArrayBuffer> | undefined
  if (init.body !== undefined && init.body !== null) {
    const packed = new Response(init.body)
    headers['content-type'] ??= packed.headers.get('content-type') ?? 'application/octet-stream'
    body = new Uint8Array(await packed.arrayBuffer())
  }
  const signed = await signer.sign({ method: init.method ?? 'GET', url, headers, body })
  return { ...init, headers: { ...headers, ...signed }, ...(body && { body }) }
}

/** How long a request that came too soon has to wait; undefined for any other failure. */
function limitWaitMs(error: unknown): number | undefined {
  if (!(error instanceof ParleyError) || error.code !== 'rate_limited' || error.retryAfter === null) return undefined
  return error.retryAfter * 1000
}

/** Failures of the way there: no connection, a connection lost in mid-answer, or a proxy that speaks for the server. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof ParleyError)) return true
  return error.code === 'network' || (error.code === 'unexpected_answer' && error.status >= 502 && error.status <= 504)
}

/** `/runs/{id}` with its parameters filled in. */
export function pathOf(path: string, params: unknown): string {
  const values = (params ?? {}) as Record<string, unknown>
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])))
}

function queryOf(query: unknown): string {
  const given = Object.entries((query ?? {}) as Record<string, unknown>).filter(([, value]) => value !== undefined)
  if (given.length === 0) return ''
  return `?${new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)])))}`
}
