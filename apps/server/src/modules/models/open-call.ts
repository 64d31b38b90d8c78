import { createParser } from 'eventsource-parser'
import { type Dispatcher, egressRequest } from '../../platform/net/index.ts'
import { type Adapter, type AdapterEvent, ProviderSaid, type Translator, Unreadable } from './adapters/adapter.ts'
import { classifyFailure, classifyNetworkFailure, networkError } from './classify-failure.ts'
import { ModelError } from './model-error.ts'
import type { Connection } from './types.ts'

/** The most a provider may send without a line end. */
const MAX_FRAME_CHARACTERS = 16 * 1024 * 1024
/** The most of an error that is read. */
const MAX_ERROR_BYTES = 64 * 1024
/** Events that may wait for a busy consumer before reading pauses. */
const HIGH_WATER = 2_000
/** How long a provider may keep a connection open after it said that the reply is complete. */
const CLOSING_GRACE_MS = 1_000

export interface CallOptions {
  dispatcher: Dispatcher
  connection: Connection
  adapter: Adapter
  body: string
  signal: AbortSignal
  firstTokenMs: number
  betweenTokensMs: number
}

/**
 * One request to a provider and its streamed reply. Costs little per chunk: no promise but the consumer's own, one timer
 * that is pushed back. The first outcome counts; whatever happens after it only closes the socket.
 */
export class ProviderCall {
  readonly #options: CallOptions
  readonly #translator: Translator
  /** Closes the socket when aborted, whatever state the request is in. */
  readonly #socket = new AbortController()
  #body: Dispatcher.ResponseData['body'] | undefined
  #waiting: AdapterEvent[] = []
  #outcome: 'open' | 'complete' | { error: unknown } = 'open'
  #wake: (() => void) | undefined
  #deadline: NodeJS.Timeout
  #answered = false

  constructor(options: CallOptions) {
    this.#options = options
    this.#translator = options.adapter.translator((event) => this.#waiting.push(event))
    this.#deadline = setTimeout(this.#onDeadline, options.firstTokenMs)
    options.signal.addEventListener('abort', this.#onAbort)
    if (options.signal.aborted) this.#onAbort()
    else this.#send().catch((error) => this.#fail(error))
  }

  /** What arrived since the last time, at least one event; null after the last. Throws ModelError or the signal's reason. */
  async next(): Promise<AdapterEvent[] | null> {
    while (this.#waiting.length === 0 && this.#outcome === 'open') {
      this.#body?.resume()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (typeof this.#outcome === 'object' && this.#options.signal.aborted) throw this.#outcome.error
    if (this.#waiting.length > 0) {
      const events = this.#waiting
      this.#waiting = []
      return events
    }
    if (typeof this.#outcome === 'object') throw this.#outcome.error
    return null
  }

  /** Closes the provider's socket unless the reply was read to its end. */
  close(): void {
    this.#settle({ error: new Error('The reply was left.') })
  }

  async #send(): Promise<void> {
    const { connection, adapter, body, dispatcher } = this.#options
    const response = await egressRequest(dispatcher, connection.baseUrl + adapter.path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        'user-agent': 'Parley',
        ...adapter.headers(connection.apiKey),
      },
      body,
      signal: this.#socket.signal,
    })
    this.#body = response.body
    response.body.on('error', (error) => this.#fail(error))
    if (this.#outcome !== 'open') return
    const type = String(response.headers['content-type'] ?? '')
    if (response.statusCode !== 200) {
      const text = await readText(response.body, MAX_ERROR_BYTES)
      throw classifyFailure(connection, { status: response.statusCode, headers: response.headers, body: parsed(text) })
    }
    if (type.includes('text/html')) throw classifyFailure(connection, { status: 404, body: '' })
    if (type.includes('application/json')) {
      this.#take(await readText(response.body, MAX_FRAME_CHARACTERS))
      this.#complete()
      return
    }
    this.#read(response.body)
  }

  #read(body: Dispatcher.ResponseData['body']): void {
    let tooLarge = false
    const parser = createParser({
      maxBufferSize: MAX_FRAME_CHARACTERS,
      onEvent: ({ data }) => this.#take(data),
      onError: ({ type }) => {
        tooLarge ||= type === 'max-buffer-size-exceeded'
      },
    })
    body.setEncoding('utf8')
    body.on('data', (text: string) => {
      if (this.#outcome !== 'open') return
      try {
        parser.feed(text)
        if (tooLarge) throw new Unreadable('it sent a line that is too long')
        if (this.#waiting.length > 0) this.#notify()
        if (this.#translator.isDone()) this.#complete()
        else if (this.#waiting.length > HIGH_WATER) body.pause()
      } catch (error) {
        this.#fail(error)
      }
    })
    body.on('end', () => {
      if (this.#outcome !== 'open') return
      try {
        // The last event may lack its empty line.
        parser.feed('\n\n')
        this.#complete()
      } catch (error) {
        this.#fail(error)
      }
    })
  }

  #take(data: string): void {
    const before = this.#waiting.length
    this.#translator.push(data === '[DONE]' ? data : parseFrame(data))
    if (this.#waiting.length === before) return
    if (this.#answered) {
      this.#deadline.refresh()
      return
    }
    this.#answered = true
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(this.#onDeadline, this.#options.betweenTokensMs)
  }

  #complete(): void {
    this.#translator.end()
    this.#settle('complete')
    // What may follow the end is read away, so that the connection can serve the next call; but not for ever.
    const body = this.#body
    if (!body || body.closed) return
    const grace = setTimeout(() => body.destroy(), CLOSING_GRACE_MS)
    body.once('close', () => clearTimeout(grace))
    body.resume()
  }

  #fail(error: unknown): void {
    if (this.#outcome !== 'open') return
    this.#settle({ error: explain(this.#options.connection, error) })
  }

  #settle(outcome: 'complete' | { error: unknown }): void {
    if (this.#outcome !== 'open') return
    this.#outcome = outcome
    clearTimeout(this.#deadline)
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    if (outcome !== 'complete') this.#socket.abort()
    this.#notify()
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  readonly #onAbort = () => this.#settle({ error: this.#options.signal.reason })

  readonly #onDeadline = () => {
    const { name } = this.#options.connection
    const what = this.#answered ? 'stopped in the middle of its answer' : 'did not begin to answer in time'
    this.#fail(new ModelError('model_timeout', `${name} ${what}. Try again, or choose another model.`))
  }
}

function explain(connection: Connection, error: unknown): ModelError {
  if (error instanceof ModelError) return error
  if (error instanceof ProviderSaid) return classifyFailure(connection, { body: error.body })
  if (error instanceof Unreadable) return networkError(connection, error.message, error)
  return classifyNetworkFailure(connection, error)
}

function parseFrame(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch (error) {
    throw new Unreadable('it sent something unreadable', { cause: error })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > maxBytes) break
  }
  return Buffer.concat(chunks).toString('utf8')
}
