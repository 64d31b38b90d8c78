import ipaddr from 'ipaddr.js'

/** One entry of PARLEY_EGRESS_ALLOW: a host pattern or a network, for one port or for all. */
export type EgressRule = { port?: number } & ({ host: string } | { network: ReturnType<typeof ipaddr.parseCIDR> })

/** What the operator opened beyond public addresses. */
export type EgressAllow = readonly EgressRule[]

/**
 * Reads PARLEY_EGRESS_ALLOW: entries separated by commas, each a host (`localhost`, `*.corp.example`), an address
 * (`10.0.0.5`, `[::1]`) or a network (`10.0.0.0/8`, `fd00::/8`), with `:port` for one port only; `*` opens everything.
 * Every entry that makes no sense is left out and told in `problems`, with its remedy.
 */
export function parseEgressAllow(text: string | undefined): { allow: EgressAllow; problems: string[] } {
  const allow: EgressRule[] = []
  const problems: string[] = []
  for (const entry of (text ?? '').split(',')) {
    const trimmed = entry.trim()
    if (trimmed === '') continue
    const rule = parseEntry(trimmed)
    if (typeof rule === 'string') problems.push(`PARLEY_EGRESS_ALLOW: "${trimmed}" ${rule}`)
    else allow.push(rule)
  }
  return { allow, problems }
}

/** Whether the operator allows this host by its name, whatever it resolves to. `host` as in a URL, brackets or not. */
export function allowsHost(allow: EgressAllow, host: string, port: number): boolean {
  const name = canonicalHost(host)
  return allow.some((rule) => {
    if (!('host' in rule) || !samePort(rule, port)) return false
    if (rule.host === '*') return true
    return rule.host.startsWith('*.') ? name.endsWith(rule.host.slice(1)) : name === rule.host
  })
}

/** Whether the operator allows this address, through the address itself or a network around it. */
export function allowsAddress(allow: EgressAllow, address: string, port: number): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  return allow.some((rule) => {
    if (!('network' in rule) || !samePort(rule, port)) return false
    return parsed.kind() === rule.network[0].kind() && parsed.match(rule.network)
  })
}

function samePort(rule: EgressRule, port: number): boolean {
  return rule.port === undefined || rule.port === port
}

function canonicalHost(host: string): string {
  return host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
}

/** The rule, or what is wrong with the entry. */
function parseEntry(entry: string): EgressRule | string {
  if (entry.includes('://')) return `is a URL. Write the host and port alone, such as ${exampleOf(entry)}.`
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(entry)
  const target = parts ? (parts[1] ?? parts[2] ?? '') : entry
  const port = parts?.[3] === undefined ? undefined : Number(parts[3])
  if (port !== undefined && (port < 1 || port > 65535)) return 'has a port outside 1 to 65535.'
  if (target.includes('/')) {
    if (!ipaddr.isValidCIDR(target)) return 'is not a network. Write one such as 10.0.0.0/8 or fd00::/8.'
    return { network: ipaddr.parseCIDR(target), port }
  }
  if (ipaddr.IPv4.isValidFourPartDecimal(target) || ipaddr.IPv6.isValid(target)) {
    const address = ipaddr.parse(target)
    return { network: [address, address.kind() === 'ipv4' ? 32 : 128], port }
  }
  const host = parseHostPattern(target)
  return host === undefined ? 'is not a host, address or network. Write one such as localhost:11434.' : { host, port }
}

function parseHostPattern(target: string): string | undefined {
  if (target === '*') return '*'
  const wildcard = target.startsWith('*.')
  const name = wildcard ? target.slice(2) : target
  if (/[:@?#\\\s]/.test(name)) return undefined
  const url = URL.parse(`http://${name}/`)
  // A name that URL parsing turns into an address (127.1, 0x7f.1) would never match one.
  if (!url || !/^[a-z0-9._-]+$/.test(url.hostname) || ipaddr.isValid(url.hostname)) return undefined
  const host = canonicalHost(url.hostname)
  return host === '' ? undefined : wildcard ? `*.${host}` : host
}

function exampleOf(entry: string): string {
  return URL.parse(entry)?.host || 'localhost:11434'
}
