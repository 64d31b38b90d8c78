import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

/** An HTTP proxy for CONNECT, wherever it is asked to lead. */
export interface ConnectProxy {
  url: string
  /** What was asked for, as `host:port`. */
  asked: string[]
  /** The `Proxy-Authorization` of the last request. */
  credentials: string | undefined
  /** Where everyone is led, whatever they asked for. */
  leadTo: number
  /** Refuses with this status instead. */
  refuse: number | undefined
  close(): void
}

export async function startConnectProxy(): Promise<ConnectProxy> {
  const server = createServer((_, response) => response.writeHead(405).end())
  const proxy: ConnectProxy = {
    url: '',
    asked: [],
    credentials: undefined,
    leadTo: 0,
    refuse: undefined,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  server.on('connect', (request, socket) => {
    proxy.asked.push(request.url ?? '')
    proxy.credentials = request.headers['proxy-authorization']
    socket.on('error', () => undefined)
    if (proxy.refuse !== undefined) {
      socket.end(`HTTP/1.1 ${proxy.refuse} No\r\n\r\n`)
      return
    }
    const onward = connect(proxy.leadTo, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return proxy
}
