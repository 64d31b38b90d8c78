import { type Egress, requireAllowedForm } from './egress.ts'
import { fetchThrough } from './egress-fetch.ts'
import { EgressRefused } from './egress-refused.ts'

export type GuardedFetchOptions = {
  method?: string
  headers?: Record<string, string>
  /** Whole bodies only, so that a 307 or 308 can send them again. */
  body?: string | Uint8Array<ArrayBuffer>
  signal?: AbortSignal
  /** Default 5; 0 refuses every redirect. */
  maxRedirects?: number
  /** Largest body after decompression. Default 10 MiB. */
  maxBytes?: number
  /** For everything: names, redirects, the last byte. Default 30 s. */
  timeoutMs?: number
}

export type GuardedResponse = {
  /** Where the body came from, after redirects. */
  url: string
  status: number
  headers: Headers
  body: Buffer
}

/** A body grew beyond `maxBytes`. */
export class ResponseTooLarge extends Error {
  override readonly name = 'ResponseTooLarge'
  readonly maxBytes: number

  constructor(url: string, maxBytes: number) {
    super(`${new URL(url).origin} sent more than ${maxBytes} bytes.`)
    this.maxBytes = maxBytes
  }
}

/** Headers that may follow a redirect to another origin. Everything else may be a secret: keys travel under many names. */
const HARMLESS_HEADERS = new Set(['accept', 'accept-language', 'content-type', 'range', 'user-agent'])

/**
 * Fetches a URL that a person or a model gave, whole. Each redirect is checked like the first address. Any status is an
 * answer. Throws EgressRefused, ResponseTooLarge, a DOMException (`TimeoutError`, `AbortError`), or fetch's TypeError.
 */
export async function guardedFetch(
  egress: Egress,
  address: string,
  options: GuardedFetchOptions = {},
): Promise<GuardedResponse> {
  const { maxRedirects = 5, maxBytes = 10 * 1024 * 1024, timeoutMs = 30_000 } = options
  const deadline = AbortSignal.timeout(timeoutMs)
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
  let url = parseUrl(address)
  let request = { method: options.method ?? 'GET', headers: options.headers ?? {}, body: options.body }

  for (let redirects = 0; ; redirects++) {
    requireAllowedForm(egress.allow, url)
    const response = await fetchThrough(egress.guarded, url.href, { ...request, redirect: 'manual', signal })
    const location = isRedirect(response.status) ? response.headers.get('location') : null
    if (location === null) {
      const body = await readAtMost(response.body, maxBytes, url.href)
      return { url: url.href, status: response.status, headers: new Headers([...response.headers]), body }
    }
    await response.body?.cancel()
    if (redirects === maxRedirects) {
      throw new EgressRefused(
        `${url.origin} redirected more often than the ${maxRedirects} times allowed.`,
        'Use the address that it leads to.',
      )
    }
    // Header bytes arrive as Latin-1, servers write UTF-8.
    const next = parseUrl(Buffer.from(location, 'latin1').toString(), url)
    request = redirected(request, response.status, next.origin === url.origin)
    url = next
  }
}

function parseUrl(address: string, base?: URL): URL {
  const url = URL.parse(address, base?.href)
  if (url) return url
  throw new EgressRefused('That is not a complete address.', 'Use one such as https://example.com/page.')
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

type Sent = { method: string; headers: Record<string, string>; body: GuardedFetchOptions['body'] }

/** What the next hop is sent: the Fetch standard's method rules, and no secrets to another origin. */
function redirected(sent: Sent, status: number, sameOrigin: boolean): Sent {
  const becomesGet =
    (status === 303 && sent.method !== 'HEAD') || ((status === 301 || status === 302) && sent.method === 'POST')
  const headers = Object.entries(sent.headers).filter(([name]) => {
    const lower = name.toLowerCase()
    if (becomesGet && lower.startsWith('content-')) return false
    return sameOrigin || HARMLESS_HEADERS.has(lower)
  })
  return {
    method: becomesGet ? 'GET' : sent.method,
    headers: Object.fromEntries(headers),
    body: becomesGet ? undefined : sent.body,
  }
}

/** Leaving the loop early cancels the stream, which closes the connection. */
async function readAtMost(body: AsyncIterable<Uint8Array> | null, maxBytes: number, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new ResponseTooLarge(url, maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
