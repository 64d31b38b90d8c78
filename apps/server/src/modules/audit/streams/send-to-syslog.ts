import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { SealedAuditEntry } from '@parley/contract'
import type { SyslogTarget } from '../../../platform/config/index.ts'

const timeoutMs = 10_000
/** "log audit" (RFC 5424, section 6.2.1). */
const facility = 13
const severities = { done: 5, refused: 4 } as const // notice, warning

/**
 * Sends entries to a syslog server, in order: over TCP or TLS on a connection of their own, over UDP each by itself. Syslog
 * acknowledges nothing: a receiver that reads to the end and closes the connection has read all.
 * @throws Error when it cannot be reached, or breaks off
 */
export async function sendToSyslog(
  target: SyslogTarget,
  hostname: string,
  entries: readonly SealedAuditEntry[],
  signal: AbortSignal,
): Promise<void> {
  const messages = entries.map((entry) => syslogMessage(entry, hostname))
  if (target.protocol === 'udp') return sendDatagrams(target, messages)
  // Octet counting (RFC 6587, RFC 5425): a message may hold line breaks.
  const bytes = Buffer.concat(messages.flatMap((message) => [Buffer.from(`${message.length} `), message]))
  return sendOverConnection(target, bytes, signal)
}

/** One entry as RFC 5424 has it: action as MSGID, JSON as the message. */
export function syslogMessage(entry: SealedAuditEntry, hostname: string): Buffer {
  const priority = facility * 8 + severities[entry.outcome]
  const header = `<${priority}>1 ${entry.at} ${hostname} parley - ${entry.action.slice(0, 32)} -`
  return Buffer.from(`${header} \u{feff}${JSON.stringify(entry)}`)
}

async function sendOverConnection({ protocol, host, port }: SyslogTarget, bytes: Buffer, signal: AbortSignal) {
  const socket = protocol === 'tls' ? connectTls({ host, port, servername: host }) : connect({ host, port })
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    await once(socket, protocol === 'tls' ? 'secureConnect' : 'connect', { signal: limit })
    socket.resume() // what it says is of no use, and would keep the end from being seen
    const ended = once(socket, 'end', { signal: limit })
    const written = new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.end(bytes, () => resolve())
    })
    await Promise.race([written, ended.then(() => written)])
    await ended
  } finally {
    socket.destroy()
  }
}

async function sendDatagrams({ host, port }: SyslogTarget, messages: readonly Buffer[]): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  try {
    for (const message of messages) {
      await new Promise<void>((resolve, reject) =>
        socket.send(message, port, host, (error) => (error ? reject(error) : resolve())),
      )
    }
  } finally {
    socket.close()
  }
}
