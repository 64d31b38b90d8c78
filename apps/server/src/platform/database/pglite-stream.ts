import { Duplex } from 'node:stream'
import { concatBytes } from './wire-protocol.ts'

/** How a stream reaches the database's thread. */
export interface StreamLink {
  open(stream: PgliteStream): void
  send(stream: PgliteStream, bytes: Uint8Array<ArrayBuffer>): void
  close(stream: PgliteStream): void
}

/**
 * What `pg` takes for a socket to a server, and is a line to PGlite's thread. `connect`, `setNoDelay`, `setKeepAlive`,
 * `ref` and `unref` are the methods of a socket that `pg` calls.
 */
export class PgliteStream extends Duplex {
  readonly id: number
  #link: StreamLink

  constructor(id: number, link: StreamLink) {
    super({ allowHalfOpen: false })
    this.id = id
    this.#link = link
  }

  connect(): this {
    this.#link.open(this)
    process.nextTick(() => this.emit('connect'))
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#link.send(this, concatBytes([chunk]))
    done()
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    this.#link.send(this, concatBytes(chunks.map(({ chunk }) => chunk)))
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#link.close(this)
    done(error)
  }
}
