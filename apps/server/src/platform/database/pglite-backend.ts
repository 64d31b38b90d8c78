import {
  concatBytes,
  errorMessage,
  MessageSplitter,
  notificationChannel,
  parseCompleteMessage,
  queryMessage,
  readError,
  readyMessage,
  startupMessage,
  statementName,
  statementText,
  syncMessage,
  transactionStatus,
  type WireMessage,
} from './wire-protocol.ts'

/** What PGlite offers below its own query API: bytes in, bytes out, synchronously. */
export interface RawBackend {
  /** Runs whole messages; `onBytes` gets memory that is valid only during the call. */
  exec(bytes: Uint8Array, onBytes: (bytes: Uint8Array) => void): void
}

interface Connection {
  id: number
  splitter: MessageSplitter
  /** Messages of the unfinished batch: a batch is what the client expects an answer to. */
  collected: WireMessage[]
  batches: WireMessage[][]
  channels: Set<string>
  unlistened: boolean
  /** Is in the queue. */
  waiting: boolean
}

interface BackendEvents {
  send(connection: number, bytes: Uint8Array<ArrayBuffer>): void
  /** The connection is over, by its own wish or because it was refused. */
  end(connection: number): void
  warn(message: string): void
}

const outputBytes = 64 * 1024

/**
 * Lets many client connections share PGlite's one session, as a server would let them share a machine: statements of
 * one connection run one after the other, and a connection inside a transaction has the database to itself until the
 * transaction ends. Connections wait in the order in which they asked. What belongs to the session is shared: settings
 * made by `SET` (use `SET LOCAL`), and session advisory locks (use `pg_advisory_xact_lock`). Named statements are shared to
 * advantage: what one connection prepared is there for all, under the same name. LISTEN is kept per connection here.
 */
export class PgliteBackend {
  #backend: RawBackend
  #events: BackendEvents
  #idleInTransactionMs: number
  #connections = new Map<number, Connection>()
  #queue: Connection[] = []
  #owner: Connection | undefined
  #ownerIdleSince = 0
  #exclusive: { work: () => void; reject: (error: unknown) => void }[] = []
  /** Statements that are prepared: what they were parsed from, by name. */
  #prepared = new Map<string, string>()
  #greeting: Uint8Array

  constructor(backend: RawBackend, events: BackendEvents, options: { idleInTransactionMs: number }) {
    this.#backend = backend
    this.#events = events
    this.#idleInTransactionMs = options.idleInTransactionMs
    this.#greeting = collectOutput(backend, startupMessage('postgres', 'postgres'))
  }

  open(id: number): void {
    const splitter = new MessageSplitter('client')
    this.#connections.set(id, {
      id,
      splitter,
      collected: [],
      batches: [],
      channels: new Set(),
      unlistened: false,
      waiting: false,
    })
  }

  receive(id: number, bytes: Uint8Array): void {
    const connection = this.#connections.get(id)
    if (connection === undefined) return
    for (const message of connection.splitter.push(bytes)) {
      if (message.type === 'X') {
        this.close(id)
        return
      }
      this.#take(connection, message)
    }
    this.#run()
  }

  /** Ends a connection: what it had not committed is rolled back. */
  close(id: number): void {
    const connection = this.#connections.get(id)
    if (connection === undefined) return
    this.#connections.delete(id)
    this.#queue = this.#queue.filter((queued) => queued !== connection)
    for (const channel of connection.channels) this.#unlisten(connection, channel)
    if (this.#owner === connection) {
      this.#owner = undefined
      collectOutput(this.#backend, syncMessage)
      collectOutput(this.#backend, queryMessage('ROLLBACK'))
    }
    this.#events.end(id)
    this.#run()
  }

  /** Runs `work` while no connection is in a transaction. Rejects with what `work` throws. */
  exclusively<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#exclusive.push({ work: () => resolve(work()), reject })
      this.#run()
    })
  }

  /** Runs one statement without parameters and throws its error. Only from `exclusively`. */
  execute(sql: string): void {
    const output = collectOutput(this.#backend, queryMessage(sql))
    for (const message of new MessageSplitter('server').push(output)) {
      if (message.type === 'E') throw new Error(readError(message).text)
    }
  }

  /** To be called about every second: ends a transaction that does nothing while others wait for it. */
  endIdleTransaction(): void {
    const owner = this.#owner
    if (owner === undefined || (this.#queue.length === 0 && this.#exclusive.length === 0)) return
    if (performance.now() - this.#ownerIdleSince < this.#idleInTransactionMs) return
    const text = `a transaction did nothing for ${this.#idleInTransactionMs} ms while other statements waited; it was rolled back`
    this.#events.warn(text)
    this.#events.send(owner.id, errorMessage('FATAL', '25P03', text).slice())
    this.close(owner.id)
  }

  #take(connection: Connection, message: WireMessage): void {
    if (message.type === '') {
      this.#events.send(connection.id, this.#greeting.slice())
      return
    }
    if (message.type === 'Q' || message.type === 'P') {
      const text = statementText(message)
      this.#noteListen(connection, text)
      if (/^\s*copy\b[^;]*\bfrom\s+stdin\b/i.test(text)) {
        // PGlite's backend reads the rows from a socket it does not have, and exits.
        const refusal = errorMessage('ERROR', '0A000', 'COPY FROM STDIN is not available on the embedded database')
        const parts = message.type === 'Q' ? [refusal, readyMessage] : [refusal]
        this.#events.send(connection.id, concatBytes(parts))
        return
      }
    }
    connection.collected.push(message)
    // Query and Sync are answered by ReadyForQuery, Flush by what there is; the rest waits for one of them.
    if (message.type !== 'Q' && message.type !== 'S' && message.type !== 'H') return
    connection.batches.push(connection.collected)
    connection.collected = []
    if (connection === this.#owner || connection.waiting) return
    connection.waiting = true
    this.#queue.push(connection)
  }

  #run(): void {
    while (true) {
      if (this.#owner === undefined) {
        const task = this.#exclusive.shift()
        if (task !== undefined) {
          try {
            task.work()
          } catch (error) {
            task.reject(error)
          }
          continue
        }
      }
      const connection = this.#owner ?? this.#queue.shift()
      const batch = connection?.batches.shift()
      if (connection === undefined || batch === undefined) return
      connection.waiting = false
      this.#runBatch(connection, batch)
    }
  }

  #runBatch(connection: Connection, batch: WireMessage[]): void {
    const splitter = new MessageSplitter('server')
    let output: Uint8Array[] = []
    let outputLength = 0
    let status = 'open'
    const [first] = batch
    const name = first?.type === 'P' ? statementName(first) : ''
    const isPrepared = first !== undefined && name !== '' && this.#prepared.get(name) === statementText(first)
    if (isPrepared) output.push(parseCompleteMessage)
    const deliver = () => {
      const reply: Uint8Array[] = []
      for (const message of splitter.push(concatBytes(output))) {
        if (message.type === 'A') this.#notify(message)
        else reply.push(message.bytes)
        if (message.type === 'Z') status = transactionStatus(message)
        if (message.type === '1' && first && name !== '') this.#prepared.set(name, statementText(first))
      }
      output = []
      outputLength = 0
      if (reply.length > 0) this.#events.send(connection.id, concatBytes(reply))
    }
    const sent = isPrepared ? batch.slice(1) : batch
    this.#backend.exec(concatBytes(sent.map(({ bytes }) => bytes)), (bytes) => {
      output.push(bytes.slice())
      outputLength += bytes.length
      if (outputLength >= outputBytes) deliver()
    })
    deliver()
    if (connection.unlistened) this.#restoreListening(connection)
    // A batch that ended in Flush leaves the statement open: no ReadyForQuery, so the connection stays the owner.
    this.#owner = status === 'I' ? undefined : connection
    this.#ownerIdleSince = performance.now()
    if (this.#owner === undefined && connection.batches.length > 0 && !connection.waiting) {
      connection.waiting = true
      this.#queue.push(connection)
    }
  }

  #noteListen(connection: Connection, text: string): void {
    const match = /^\s*(un)?listen\s+("(?:[^"]|"")+"|[\w$*]+)/i.exec(text)
    if (match === null) return
    const [, un, name = ''] = match
    const channel = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase()
    if (un === undefined) connection.channels.add(channel)
    else if (channel === '*') connection.channels.clear()
    else connection.channels.delete(channel)
    if (un !== undefined) connection.unlistened = true
  }

  /** The session is shared, so one connection's UNLISTEN also took the channel from the others. */
  #restoreListening(connection: Connection): void {
    connection.unlistened = false
    for (const channel of new Set([...this.#connections.values()].flatMap((other) => [...other.channels]))) {
      this.execute(`LISTEN ${quoteName(channel)}`)
    }
  }

  #unlisten(connection: Connection, channel: string): void {
    connection.channels.delete(channel)
    for (const other of this.#connections.values()) if (other.channels.has(channel)) return
    this.exclusively(() => this.execute(`UNLISTEN ${quoteName(channel)}`)).catch((error: Error) =>
      this.#events.warn(`UNLISTEN ${channel}: ${error.message}`),
    )
  }

  #notify(message: WireMessage): void {
    const channel = notificationChannel(message)
    for (const connection of this.#connections.values()) {
      if (connection.channels.has(channel)) this.#events.send(connection.id, concatBytes([message.bytes]))
    }
  }
}

function collectOutput(backend: RawBackend, bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  backend.exec(bytes, (part) => parts.push(part.slice()))
  return concatBytes(parts)
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
