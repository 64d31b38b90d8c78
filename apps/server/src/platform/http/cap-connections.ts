import type { Server, Socket } from 'node:net'
import type { Logger } from 'pino'
import { networkOf } from '../limits/index.ts'

interface Caps {
  /** Open connections of everyone together. */
  total: number
  /** Of one address (for IPv6 its /64), unless it is a trusted proxy. */
  perAddress: number
}

const toldEveryMs = 60_000

/**
 * Closes connections beyond the caps as they come, before a byte of them is read. What is open already stays, so that
 * whoever fills up their own share takes nothing from the others.
 */
export function capConnections(server: Server, caps: Caps, isTrustedProxy: (address: string) => boolean, log: Logger) {
  const open = new Map<string, number>()
  let toldAt = Number.NEGATIVE_INFINITY
  const tell = (why: string) => {
    if (performance.now() - toldAt < toldEveryMs) return
    toldAt = performance.now()
    log.warn({ addresses: open.size }, `Connections are being refused: ${why}`)
  }
  server.maxConnections = caps.total
  server.on('drop', () => tell(`${caps.total} are open. PARLEY_MAX_CONNECTIONS sets how many may be.`))
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    if (remoteAddress === undefined || isTrustedProxy(remoteAddress)) return
    const network = networkOf(remoteAddress)
    const count = (open.get(network) ?? 0) + 1
    if (count > caps.perAddress) {
      tell(`an address has ${caps.perAddress}. PARLEY_MAX_CONNECTIONS_PER_ADDRESS sets how many it may have.`)
      socket.destroy()
      return
    }
    open.set(network, count)
    socket.once('close', () => {
      const left = open.get(network)! - 1
      if (left > 0) open.set(network, left)
      else open.delete(network)
    })
  })
}
