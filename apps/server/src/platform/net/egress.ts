import { promises as dns, type LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import { Agent, type Dispatcher, Pool } from 'undici'
import { connectByProxy, connectDirectly } from './connectors.ts'
import { allowsAddress, allowsHost, type EgressAllow } from './egress-allow.ts'
import { EgressRefused } from './egress-refused.ts'
import { isPublicAddress } from './public-address.ts'

/** All addresses of a name. Rejects like dns.lookup (`code` ENOTFOUND and so on). */
export type ResolveName = (hostname: string) => Promise<LookupAddress[]>

/** The ways out of this server. Both dispatchers close a request's socket as soon as its signal aborts. */
export type Egress = {
  allow: EgressAllow
  /** For every address that a person or a model gave: public addresses only, and what the operator allowed. */
  guarded: Dispatcher
  /** For addresses that the operator set in the environment or parley.json: anything goes. */
  trusted: Dispatcher
  /** Throws EgressRefused unless `guarded` would connect to this URL now. Rejects with the resolver's error if the name has no address. */
  requireAllowed(url: URL): Promise<void>
  /** Cuts all connections. */
  close(): Promise<void>
}

/** Ports that speak other protocols, which a request could be made to talk (Fetch standard, "bad port"). */
const BAD_PORTS = new Set(
  `0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 137
  139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723
  2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080`
    .split(/\s+/)
    .map(Number),
)

/** Model providers think for minutes before and between bytes: deadlines are the callers', so undici's own are off. */
const AGENT_OPTIONS: Agent.Options = {
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: 30_000,
  allowH2: false,
}

const CONNECT_OPTIONS = { timeout: 10_000 }

export type EgressOptions = {
  allow: EgressAllow
  resolveName?: ResolveName | undefined
  /** An HTTP proxy that everything public is reached through. */
  proxy?: URL | undefined
}

/**
 * Opens the ways out. `resolveName` is asked exactly once per connection; the connection then goes to one of the addresses
 * that were checked, so a name that changes its answer in between gains nothing. With a proxy that holds as well: it is
 * asked to connect to the checked address, not to the name. Only names that the operator set are left to it.
 */
export function createEgress({ allow, resolveName = lookUp, proxy }: EgressOptions): Egress {
  const trusted = new Agent({
    ...AGENT_OPTIONS,
    connect: proxy ? connectByProxy(proxy, (host) => resolveName(host).catch(() => [])) : CONNECT_OPTIONS,
  })
  const guarded = new Agent({ ...AGENT_OPTIONS, factory: guardedPool })

  // One pool per origin: its lookup knows the port, which Node does not pass to a lookup.
  function guardedPool(origin: string | URL, poolOptions: object): Pool {
    const url = new URL(origin)
    requireAllowedForm(allow, url)
    const resolve = () => resolveAllowed(url)
    return new Pool(url, { ...poolOptions, connect: proxy ? connectByProxy(proxy, resolve) : connectDirectly(resolve) })
  }

  async function resolveAllowed(url: URL): Promise<LookupAddress[]> {
    const addresses = await resolveName(url.hostname)
    if (addresses.length === 0) throw Object.assign(new Error(`${url.hostname} has no address.`), { code: 'ENOTFOUND' })
    if (allowsHost(allow, url.hostname, portOf(url))) return addresses
    if (!addresses.every(({ address }) => mayConnect(allow, address, portOf(url)))) throw privateAddress(url)
    return addresses
  }

  return {
    allow,
    guarded,
    trusted,
    async requireAllowed(url) {
      requireAllowedForm(allow, url)
      if (literalAddress(url) === undefined) await resolveAllowed(url)
    },
    async close() {
      await Promise.all([guarded.destroy(), trusted.destroy()])
    },
  }
}

function lookUp(hostname: string): Promise<LookupAddress[]> {
  return dns.lookup(hostname, { all: true })
}

/** Refuses what can be told from the URL alone: scheme, port, credentials, and an address written in it. */
export function requireAllowedForm(allow: EgressAllow, url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new EgressRefused(
      `"${url.protocol}" addresses are not fetched.`,
      'Use an address that begins with https:// or http://.',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new EgressRefused(
      `The address at ${url.host} contains a user name or password.`,
      'Take it out of the address and send it in a header.',
    )
  }
  if (BAD_PORTS.has(portOf(url))) {
    throw new EgressRefused(`Port ${portOf(url)} is reserved for another protocol than HTTP.`, 'Use another port.')
  }
  const address = literalAddress(url)
  if (address === undefined || allowsHost(allow, address, portOf(url))) return
  if (!mayConnect(allow, address, portOf(url))) throw privateAddress(url)
}

function mayConnect(allow: EgressAllow, address: string, port: number): boolean {
  return isPublicAddress(address) || allowsAddress(allow, address, port)
}

/** The address when the host is one. The same test as Node's: what passes it is never looked up. */
function literalAddress(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 ? undefined : host
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}

// The address that a name resolved to is left out: it would let anyone map the operator's network.
function privateAddress(url: URL): EgressRefused {
  return new EgressRefused(
    `${url.origin} is a private address.`,
    `The operator can allow it with PARLEY_EGRESS_ALLOW=${url.hostname}:${portOf(url)}`,
  )
}
