import { randomKey } from './random-key.ts'

/** A request about to be sent; names of headers in lower case. */
export interface UnsignedRequest {
  method: string
  url: URL
  headers: Record<string, string>
  body: Uint8Array<ArrayBuffer> | undefined
}

/** Signs requests, for an API key that asks for it. */
export interface RequestSigner {
  /** Headers to add to the request. */
  sign(request: UnsignedRequest): Promise<Record<string, string>>
}

/** A key of WebCrypto. */
type WebKey = Parameters<typeof globalThis.crypto.subtle.sign>[1]
/** A private key of Ed25519 as a JWK (RFC 8037). */
export interface PrivateJwk {
  kty: 'OKP'
  crv: 'Ed25519'
  x: string
  d: string
}

/** How a key signs: with the secret that was shown with it (hmac-sha256), or a private key of one's own (ed25519). */
export type SignerOptions = { keyId: string } & (
  | { secret: string }
  /** PKCS #8 in PEM (`-----BEGIN PRIVATE KEY-----`), a JWK, or a key of WebCrypto. */
  | { privateKey: string | PrivateJwk | WebKey }
)

const goodForSeconds = 60
/** Covered beside method, address and body, where a request has them. */
const coveredHeaders = ['content-type', 'idempotency-key', 'parley-workspace']

/**
 * A signer by HTTP Message Signatures (RFC 9421, with the body's digest by RFC 9530), for `createParley({ signer })`. Needs
 * WebCrypto: Node 20 or later, or a page served over HTTPS. Each request gets a nonce of its own, so that it counts once.
 */
export function createSigner(options: SignerOptions): RequestSigner {
  let importing: Promise<WebKey> | undefined
  const algorithm = 'secret' in options ? 'hmac-sha256' : 'ed25519'
  return {
    async sign({ method, url, headers, body }) {
      const { subtle } = globalThis.crypto
      if (!subtle) throw new TypeError('Signing needs WebCrypto, which browsers have on pages served over HTTPS only.')
      importing ??= importKey(options)
      const key = await importing
      const added: Record<string, string> = {}
      if (body) added['content-digest'] = `sha-256=:${base64(await subtle.digest('SHA-256', body))}:`
      const covered: [name: string, value: string][] = [
        ['@method', method],
        ['@authority', url.host],
        ['@path', url.pathname],
        ['@query', url.search || '?'],
        ...Object.entries(added),
        ...coveredHeaders.flatMap((name): [string, string][] => {
          const value = headers[name]
          return value === undefined ? [] : [[name, value]]
        }),
      ]
      const created = Math.floor(Date.now() / 1000)
      const times = `created=${created};expires=${created + goodForSeconds}`
      const names = covered.map(([name]) => `"${name}"`).join(' ')
      const input = `(${names});${times};nonce="${randomKey()}";keyid="${options.keyId}";alg="${algorithm}"`
      const lines = covered.map(([name, value]) => `"${name}": ${value}`)
      const base = new TextEncoder().encode([...lines, `"@signature-params": ${input}`].join('\n'))
      const signature = await subtle.sign(algorithm === 'ed25519' ? 'Ed25519' : 'HMAC', key, base)
      return { ...added, 'signature-input': `parley=${input}`, signature: `parley=:${base64(signature)}:` }
    },
  }
}

async function importKey(options: SignerOptions): Promise<WebKey> {
  const { subtle } = globalThis.crypto
  if ('secret' in options) {
    const bytes = new TextEncoder().encode(options.secret)
    return subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  }
  const { privateKey } = options
  if (typeof privateKey === 'string')
    return subtle.importKey('pkcs8', bytesOfPem(privateKey), 'Ed25519', false, ['sign'])
  if ('type' in privateKey) return privateKey
  return subtle.importKey('jwk', { ...privateKey }, 'Ed25519', false, ['sign'])
}

function bytesOfPem(pem: string): Uint8Array<ArrayBuffer> {
  const text = atob(pem.replaceAll(/-----[^-]+-----|\s/g, ''))
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
}
