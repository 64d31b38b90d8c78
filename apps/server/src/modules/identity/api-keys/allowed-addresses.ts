import ipaddr from 'ipaddr.js'

type Network = [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number]

/** Whether an address may be used. Says no to what is not an address. */
export type AddressCheck = (address: string) => boolean

/** An address or network as it is stored: in short form, the bits beyond the network zero; undefined for anything else. */
export function normalNetwork(text: string): string | undefined {
  const network = parseNetwork(text)
  if (network === undefined) return undefined
  const [address, bits] = network
  const whole = address.kind() === 'ipv4' ? 32 : 128
  return bits === whole ? address.toString() : `${address.toString()}/${bits}`
}

/** A check against stored networks; undefined where there are none, which allows every address. */
export function addressCheck(networks: readonly string[]): AddressCheck | undefined {
  if (networks.length === 0) return undefined
  const parsed = networks.map((text) => parseNetwork(text)).filter((network) => network !== undefined)
  return (text) => {
    const address = parseAddress(text)
    return address !== undefined && parsed.some((network) => holds(network, address))
  }
}

/** Whether all of `inner` is within some network of `outer`. */
export function isCovered(inner: string, outer: readonly string[]): boolean {
  const network = parseNetwork(inner)
  if (network === undefined) return false
  return outer.some((text) => {
    const wider = parseNetwork(text)
    return wider !== undefined && wider[1] <= network[1] && holds(wider, network[0])
  })
}

function holds([network, bits]: Network, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return network.kind() === address.kind() && address.match([network, bits] as never)
}

/** IPv4 within IPv6 (`::ffff:10.0.0.1`, as sockets open to both say it) is the IPv4 address. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined
  const address = ipaddr.IPv6.parse(text.replace(/%.*$/, ''))
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

function parseNetwork(text: string): Network | undefined {
  const [, host = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? []
  const address = parseAddress(host)
  if (address === undefined) return undefined
  const whole = address.kind() === 'ipv4' ? 32 : 128
  // A mapped network counts its bits from the beginning of the IPv6 address.
  const mapped = host.includes(':') && whole === 32
  const bits = prefix === undefined ? whole : Number(prefix) - (mapped ? 96 : 0)
  if (bits < 0 || bits > whole) return undefined
  const Kind = whole === 32 ? ipaddr.IPv4 : ipaddr.IPv6
  return [Kind.networkAddressFromCIDR(`${address.toString()}/${bits}`), bits]
}
