import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** What must not be reached: a port on 127.0.0.1 and, where the machine has it, ::1. */
export interface LoopbackListener {
  port: number
  /** Connections so far. */
  connections(): number
  close(): Promise<void>
}

/** Counts every connection, and closes it. */
export async function listenOnLoopback(): Promise<LoopbackListener> {
  let connections = 0
  const servers: Server[] = []
  const open = async (host: string, port: number) => {
    const server = createServer((socket: Socket) => {
      connections++
      socket.on('error', () => undefined)
      socket.destroy()
    })
    server.listen(port, host)
    await once(server, 'listening')
    servers.push(server)
    return (server.address() as AddressInfo).port
  }
  const port = await open('127.0.0.1', 0)
  await open('::1', port).catch(() => undefined)
  return {
    port,
    connections: () => connections,
    async close() {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}
