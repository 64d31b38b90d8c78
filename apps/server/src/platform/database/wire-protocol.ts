/**
 * The little of PostgreSQL's wire protocol (version 3) that the bridge to PGlite has to understand: where messages
 * begin and end, and a few message bodies. Source: PostgreSQL manual, chapter "Frontend/Backend Protocol".
 */

/** One message: its type letter, and all of its bytes including type and length. Start-up messages have type ''. */
export interface WireMessage {
  type: string
  bytes: Uint8Array
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Cuts a byte stream into whole messages. Keeps the unfinished rest until more arrives. */
export class MessageSplitter {
  #rest: Uint8Array = new Uint8Array(0)
  #expectsStartup: boolean

  /** @param from 'client' streams begin with a message that has no type letter; 'server' streams do not. */
  constructor(from: 'client' | 'server') {
    this.#expectsStartup = from === 'client'
  }

  push(chunk: Uint8Array): WireMessage[] {
    const bytes = this.#rest.length === 0 ? chunk : concatBytes([this.#rest, chunk])
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const messages: WireMessage[] = []
    let at = 0
    while (true) {
      const header = this.#expectsStartup ? 0 : 1
      if (bytes.length - at < header + 4) break
      const end = at + header + view.getUint32(at + header)
      if (end > bytes.length) break
      const type = header === 0 ? '' : String.fromCharCode(bytes[at] as number)
      messages.push({ type, bytes: bytes.subarray(at, end) })
      this.#expectsStartup = false
      at = end
    }
    this.#rest = bytes.subarray(at)
    return messages
  }
}

/** Joins into memory of its own, so that the result can be transferred between threads. */
export function concatBytes(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The name that a Parse (P) message gives its statement; empty for none. */
export function statementName(message: WireMessage): string {
  return decoder.decode(message.bytes.subarray(5, message.bytes.indexOf(0, 5)))
}

/** The SQL of a Query (Q) or Parse (P) message. */
export function statementText(message: WireMessage): string {
  let start = 5
  if (message.type === 'P') start = message.bytes.indexOf(0, start) + 1
  return decoder.decode(message.bytes.subarray(start, message.bytes.indexOf(0, start)))
}

/** The channel of a NotificationResponse (A) message. */
export function notificationChannel(message: WireMessage): string {
  return decoder.decode(message.bytes.subarray(9, message.bytes.indexOf(0, 9)))
}

/** The transaction status in a ReadyForQuery (Z) message: 'I' idle, 'T' in a transaction, 'E' in a failed one. */
export function transactionStatus(message: WireMessage): string {
  return String.fromCharCode(message.bytes[5] as number)
}

/** A Query message. */
export function queryMessage(sql: string): Uint8Array {
  return frame('Q', `${sql}\0`)
}

/** An ErrorResponse message. */
export function errorMessage(severity: 'ERROR' | 'FATAL', code: string, text: string): Uint8Array {
  return frame('E', `S${severity}\0V${severity}\0C${code}\0M${text}\0\0`)
}

/** The message and code of an ErrorResponse. */
export function readError(message: WireMessage): { code: string; text: string } {
  const fields = new Map(
    decoder
      .decode(message.bytes.subarray(5))
      .split('\0')
      .map((field) => [field[0], field.slice(1)]),
  )
  return { code: fields.get('C') ?? '', text: fields.get('M') ?? 'unknown error' }
}

/** A StartupMessage, protocol 3.0. */
export function startupMessage(user: string, database: string): Uint8Array {
  const body = encoder.encode(`user\0${user}\0database\0${database}\0\0`)
  const bytes = new Uint8Array(8 + body.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bytes.length)
  view.setUint32(4, 3 << 16)
  bytes.set(body, 8)
  return bytes
}

export const syncMessage = frame('S', '')
export const parseCompleteMessage = frame('1', '')
export const readyMessage = frame('Z', 'I')

function frame(type: string, body: string): Uint8Array {
  const content = encoder.encode(body)
  const bytes = new Uint8Array(5 + content.length)
  bytes[0] = type.charCodeAt(0)
  new DataView(bytes.buffer).setUint32(1, 4 + content.length)
  bytes.set(content, 5)
  return bytes
}
