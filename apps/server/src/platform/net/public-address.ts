import ipaddr from 'ipaddr.js'

/** Answers inside Azure's machines only (its "wire server"), although the range around it is public. */
const AZURE_WIRE_SERVER = '168.63.129.16'

/** Only this block is handed out for the public IPv6 internet (RFC 4291, section 2.4, and IANA's registry). */
const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Whether an IP address (no brackets) belongs to one host on the public internet. False for everything else: private,
 * loopback, link-local (so cloud metadata too), shared, documentation, benchmarking, multicast and reserved space, and for
 * every IPv6 form that carries an IPv4 address in it (mapped, compatible, NAT64, 6to4, Teredo), whatever that address is.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  if (parsed.kind() === 'ipv6') return parsed.match(GLOBAL_UNICAST_V6)
  return parsed.toString() !== AZURE_WIRE_SERVER
}
