import { isIP } from 'node:net'

/** What nodemailer needs to reach the mail server. */
export interface SmtpOptions {
  host: string
  port: number
  /** TLS from the first byte; otherwise by STARTTLS, where the server offers it. */
  secure: boolean
  /** No mail, and no password, without STARTTLS. */
  requireTLS: boolean
  auth?: { user: string; pass: string }
  tls?: { rejectUnauthorized: boolean }
  connectionTimeout: number
  greetingTimeout: number
  socketTimeout: number
}

/** Why an `SMTP_URL` cannot be used; undefined when it can. */
export function smtpUrlProblem(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '') return 'no such address'
  if (!['', '/'].includes(url.pathname) || url.hash !== '') return 'more than host and port'
  for (const [name, value] of url.searchParams) {
    if (name !== 'tls' || value !== 'optional') return 'an unknown parameter'
  }
  try {
    decodeURIComponent(url.username + url.password)
  } catch {
    return 'bad percent-encoding'
  }
  return undefined
}

/**
 * Reads `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`. A password is sent to another machine only under
 * TLS, unless the address ends in `?tls=optional`.
 */
export function smtpOptions(text: string): SmtpOptions {
  const url = new URL(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const secure = url.protocol === 'smtps:'
  const user = decodeURIComponent(url.username)
  const isOptional = url.searchParams.get('tls') === 'optional'
  return {
    host,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && user !== '' && !isOptional && !isLoopback(host),
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
    // Relays on the same machine come with certificates that nobody signed, and there is nobody in between.
    ...(isLoopback(host) ? { tls: { rejectUnauthorized: false } } : {}),
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
