import ipaddr from 'ipaddr.js'

/**
 * An IPv4 address, or the /64 of an IPv6 address: one subscriber has a whole one. Some proxies tell the port as well, which
 * is another for each connection. What is no address is all counted as one.
 */
export function networkOf(address: string): string {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(address)) return address
  const [, host = address] = /^\[([^\]]*)\](?::\d+)?$/.exec(address) ?? /^([\d.]+):\d+$/.exec(address) ?? []
  if (!ipaddr.isValid(host)) return 'unknown'
  const parsed = ipaddr.process(host)
  return parsed.kind() === 'ipv4' ? parsed.toString() : Buffer.from(parsed.toByteArray().slice(0, 8)).toString('hex')
}
