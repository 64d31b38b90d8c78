import { createSocket } from 'node:dgram'
import { promises as dns } from 'node:dns'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { ResolveName } from '../platform/net/index.ts'

/** A name server on a port of its own, and the resolver that asks it. */
export interface DnsServer {
  resolveName: ResolveName
  close(): void
}

const typeA = 1
const typeAaaa = 28

/**
 * Answers questions for addresses (RFC 1035, RFC 3596) from `names`, always with a time to live of 0: nobody may
 * remember an answer. A name with several answers gives one per look-up, and its last one from then on.
 */
export async function startDnsServer(names: Record<string, string[][]>): Promise<DnsServer> {
  const socket = createSocket('udp4')
  const lookups = new Map<string, number>()
  socket.on('message', (question, from) => socket.send(answerTo(question, names, lookups), from.port, from.address))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const resolver = new dns.Resolver({ timeout: 2_000, tries: 2 })
  resolver.setServers([`127.0.0.1:${(socket.address() as AddressInfo).port}`])
  return {
    async resolveName(hostname) {
      const name = hostname.replace(/\.$/, '')
      lookups.set(name, (lookups.get(name) ?? -1) + 1)
      const none = (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENODATA') return []
        throw error
      }
      const four = await resolver.resolve4(name).catch(none)
      const six = await resolver.resolve6(name).catch(none)
      return [...four, ...six].map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    },
    close() {
      resolver.cancel()
      socket.close()
    },
  }
}

function answerTo(question: Buffer, names: Record<string, string[][]>, lookups: Map<string, number>): Buffer {
  const { name, type, end } = readQuestion(question)
  const answers = names[name]
  const lookup = lookups.get(name) ?? 0
  const wanted = type === typeA ? 'ipv4' : type === typeAaaa ? 'ipv6' : undefined
  const records = (answers?.[Math.min(lookup, answers.length - 1)] ?? [])
    .filter((address) => ipaddr.isValid(address))
    .map((address) => ipaddr.parse(address))
    .filter((address) => address.kind() === wanted)
    .map((address) => addressRecord(type, address.toByteArray()))
  const head = Buffer.from(question.subarray(0, 12))
  head.writeUInt16BE(answers ? 0x8580 : 0x8583, 2) // an authoritative answer: no error, or no such name
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(records.length, 6)
  head.writeUInt32BE(0, 8)
  return Buffer.concat([head, question.subarray(12, end), ...records])
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}

/** The name is a pointer to the question's (RFC 1035, 4.1.4). */
function addressRecord(type: number, bytes: number[]): Buffer {
  const record = Buffer.alloc(12)
  record.writeUInt16BE(0xc00c, 0)
  record.writeUInt16BE(type, 2)
  record.writeUInt16BE(1, 4)
  record.writeUInt32BE(0, 6)
  record.writeUInt16BE(bytes.length, 10)
  return Buffer.concat([record, Buffer.from(bytes)])
}
