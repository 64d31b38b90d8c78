import type { Config } from '../config/index.ts'

/** Takes the place of the nonce in the web app's index.html. */
export const noncePlaceholder = '__PARLEY_NONCE__'

/** Headers of every answer, and those of an HTML page of ours, which has a nonce for its own scripts and styles. */
export function securityHeaders(config: Config): {
  onRequest: Record<string, string>
  onDocument: (nonce: string) => Record<string, string>
} {
  const policy = (own: string) =>
    [
      "default-src 'none'",
      `script-src ${own}`,
      `style-src ${own}`,
      "img-src 'self' data: blob:",
      "media-src 'self' blob:",
      "font-src 'self'",
      "connect-src 'self'",
      "manifest-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'self'",
    ].join('; ')
  return {
    onRequest: {
      'content-security-policy': policy("'self'"),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
      ...(config.http.secureCookies ? { 'strict-transport-security': 'max-age=31536000' } : {}),
    },
    onDocument: (nonce) => ({ 'content-security-policy': policy(`'self' 'nonce-${nonce}'`) }),
  }
}
