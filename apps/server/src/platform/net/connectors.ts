import type { LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { openTunnel } from './proxy-tunnel.ts'
import { isPublicAddress } from './public-address.ts'

const timeout = 10_000

/** Connects to one of the addresses that `resolve` gives, which is asked exactly once for each connection. */
export function connectDirectly(resolve: () => Promise<LookupAddress[]>): buildConnector.connector {
  const lookup: LookupFunction = (_hostname, { all }, callback) => {
    resolve().then(
      (addresses) => (all ? callback(null, addresses) : callback(null, addresses[0]!.address, addresses[0]!.family)),
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }
  return buildConnector({ timeout, allowH2: false, lookup })
}

/**
 * The same where the operator has a proxy: public addresses are reached through it, private ones directly, as it would
 * hardly lead back inside. `resolve` says where a host is: an address for the proxy to connect to, or nothing where the
 * proxy is to find out by itself.
 */
export function connectByProxy(
  proxy: URL,
  resolve: (host: string, port: number, protocol: string) => Promise<LookupAddress[]>,
): buildConnector.connector {
  const overTunnel = buildConnector({ timeout, allowH2: false })
  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '')
    const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80)
    connect().catch((error: Error) => callback(error, null))

    async function connect(): Promise<void> {
      const addresses =
        isIP(host) === 0 ? await resolve(host, port, options.protocol) : [{ address: host, family: isIP(host) }]
      if (addresses.length > 0 && !addresses.every(({ address }) => isPublicAddress(address))) {
        connectDirectly(async () => addresses)(options, callback)
        return
      }
      const socket = await openTunnel(proxy, addresses[0]?.address ?? host, port)
      if (options.protocol === 'https:') overTunnel({ ...options, httpSocket: socket }, callback)
      else callback(null, socket)
    }
  }
}
