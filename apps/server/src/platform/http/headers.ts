import type { Config } from '../config/index.ts'

/** Takes the place of the nonce in the web app's index.html; Vite writes it there (`html.cspNonce`). */
export const noncePlaceholder = '__PARLEY_NONCE__'

/** What is no page of ours loads nothing, runs nothing and is framed by nobody, should a browser ever show it as a page. */
export const nothingPolicy = [
  "default-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/**
 * A page of ours: scripts that carry its nonce and what they import, and no text ever becomes code or markup (Trusted
 * Types, without a policy that could make an exception).
 */
function ofPage(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

/** What no page of ours asks a browser for. */
const denied = [
  'accelerometer',
  'bluetooth',
  'browsing-topics',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb',
  'xr-spatial-tracking',
]

const twoYearsSeconds = 2 * 365 * 24 * 60 * 60

/** Headers of every answer, and those of an HTML page of ours, which has a nonce for its own scripts and styles. */
export function securityHeaders(config: Config): {
  onRequest: Record<string, string>
  onDocument: (nonce: string) => Record<string, string>
} {
  return {
    onRequest: {
      'content-security-policy': nothingPolicy,
      'x-content-type-options': 'nosniff',
      // For browsers that do not know `frame-ancestors`.
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'origin-agent-cluster': '?1',
      'permissions-policy': denied.map((feature) => `${feature}=()`).join(', '),
      ...(isHttpsForGood(config) ? { 'strict-transport-security': `max-age=${twoYearsSeconds}` } : {}),
    },
    onDocument: (nonce) => ({ 'content-security-policy': ofPage(nonce) }),
  }
}

/** Browsers are not told to insist on HTTPS for `localhost`: other programs answer under that name, too. */
function isHttpsForGood({ http: { publicUrl, secureCookies } }: Config): boolean {
  return secureCookies && !/^(localhost|127\.|\[::1\])/.test(new URL(publicUrl).hostname)
}
