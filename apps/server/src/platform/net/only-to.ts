import type { Dispatcher } from 'undici'
import { allowsAddress, allowsHost, type EgressAllow, parseEgressAllow } from './egress-allow.ts'
import { EgressRefused } from './egress-refused.ts'

/**
 * Reads hosts that requests are limited to: names (`api.example.com`, `*.example.com`) and addresses, each with an optional
 * port. What makes no sense is told in `problems`; so is `*`, which would limit nothing.
 */
export function parseHosts(entries: string[]): { hosts: EgressAllow; problems: string[] } {
  const problems: string[] = []
  const hosts = entries.flatMap((entry) => {
    const { allow, problems: wrong } = parseEgressAllow(entry)
    const isOne = allow.length === 1 && wrong.length === 0 && !/[,/]/.test(entry) && !/^\*(:|$)/.test(entry)
    if (isOne) return allow
    problems.push(`"${entry}" is not a host. Write one such as api.example.com, *.example.com or api.example.com:8443.`)
    return []
  })
  return { hosts, problems }
}

/** Why a URL is not among the hosts; undefined where it is. */
export function refusalBy(hosts: EgressAllow, url: URL): EgressRefused | undefined {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (allowsHost(hosts, host, port) || allowsAddress(hosts, host, port)) return undefined
  return new EgressRefused(
    `${url.host} is not among the hosts that this workspace allows.`,
    'An owner or admin can add it under Settings → Outgoing requests.',
  )
}

/** The same way out, to these hosts only: whatever a redirect says. */
export function onlyTo(dispatcher: Dispatcher, hosts: EgressAllow): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => {
    const refusal = refusalBy(hosts, new URL(String(options.origin)))
    if (refusal) throw refusal
    return dispatch(options, handler)
  })
}
