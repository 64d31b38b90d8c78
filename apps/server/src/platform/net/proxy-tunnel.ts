import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIPv6, type Socket } from 'node:net'

const timeoutMs = 10_000

/** The proxy did not open the way. `message` names neither its address nor its password. */
export class TunnelRefused extends Error {
  override readonly name = 'TunnelRefused'
  readonly code = 'EPROXY'
}

/**
 * A connection to a host, through an HTTP proxy that is asked for it by CONNECT (RFC 9110, section 9.3.6). A user name and
 * password in the proxy's address are sent as Basic credentials. @throws TunnelRefused
 */
export function openTunnel(proxy: URL, host: string, port: number): Promise<Socket> {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return new Promise((resolve, reject) => {
    const send = proxy.protocol === 'https:' ? requestTls : requestPlain
    const asking = send({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      agent: false,
      timeout: timeoutMs,
      headers: {
        host: authority,
        ...(credentials === ':'
          ? {}
          : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
      },
    })
    const refuse = (why: string, cause?: Error) => {
      asking.destroy()
      reject(new TunnelRefused(`The proxy for outgoing requests ${why}.`, { cause }))
    }
    asking.on('connect', ({ statusCode }, socket, head) => {
      socket.setTimeout(0)
      if (statusCode !== 200) return refuse(`answered ${statusCode}`)
      if (head.length > 0) socket.unshift(head)
      resolve(socket as Socket)
    })
    asking.on('response', ({ statusCode }) => refuse(`answered ${statusCode}`))
    asking.on('timeout', () => refuse('did not answer in time'))
    asking.on('error', (error) => refuse('cannot be reached', error))
    asking.end()
  })
}
