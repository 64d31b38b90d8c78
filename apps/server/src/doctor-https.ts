import type { Finding } from './doctor.ts'
import type { Config } from './platform/config/index.ts'
import { readTls } from './platform/http/index.ts'

const dayMs = 24 * 60 * 60 * 1000
const renewDays = 21

/** Who gives people HTTPS, and for how long. That files can be used was seen when the configuration was read. */
export function examineHttps({ http: { tls, publicUrl, trustedProxies } }: Config): Finding[] {
  const check = 'HTTPS'
  if (tls) {
    const { certificate } = readTls(tls)
    const days = Math.floor((certificate.validToDate.getTime() - Date.now()) / dayMs)
    const names = certificate.subjectAltName ?? certificate.subject
    const until = certificate.validToDate.toISOString().slice(0, 10)
    const remedy = `Put a new certificate in ${tls.certFile} and its key in ${tls.keyFile}; they are taken up without a restart.`
    if (days < 0) return [{ check, state: 'problem', detail: `the certificate expired on ${until}`, remedy }]
    const detail = `the certificate for ${names} is good for ${days} more days, until ${until}`
    return [days < renewDays ? { check, state: 'warning', detail, remedy } : { check, state: 'ok', detail }]
  }
  if (!publicUrl.startsWith('https:')) {
    if (/^http:\/\/(localhost|127\.|\[::1\])/.test(publicUrl)) return []
    const remedy = 'Set PARLEY_TLS_CERT_FILE and PARLEY_TLS_KEY_FILE, or put a proxy with HTTPS before Parley.'
    return [{ check, state: 'warning', detail: `people reach ${publicUrl} without it`, remedy }]
  }
  if (trustedProxies.length > 0) return [{ check, state: 'ok', detail: `by ${trustedProxies.join(', ')}` }]
  const remedy =
    'Set PARLEY_TRUSTED_PROXIES to the address of your proxy: until then, all people seem to come from there, and share its limits.'
  return [{ check, state: 'warning', detail: 'a proxy does it that Parley does not know', remedy }]
}
