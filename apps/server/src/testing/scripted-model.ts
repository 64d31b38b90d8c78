/**
 * A model server that does as it is told, in the real wire formats of OpenAI (chat completions) and Anthropic (messages).
 * In tests by a script, by hand by directives in the message (scripted-model-directives.ts):
 * `node apps/server/src/testing/scripted-model.ts --port 4010`.
 */
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { unfenced } from '../modules/models/foreign-text.ts'
import { type ScriptedRequest, stepsFromDirectives } from './scripted-model-directives.ts'
import { Pace } from './scripted-model-pace.ts'
import { failures, piecesOf, type Step } from './scripted-model-steps.ts'
import { failureBody, type WireProtocol, type WireWriter, wholeAnswer, wireWriter } from './scripted-model-wire.ts'

export type { ScriptedRequest } from './scripted-model-directives.ts'
export type { Step } from './scripted-model-steps.ts'

export type Script = (request: ScriptedRequest) => Step[]

/** A request for an answer, and what became of it. Times are `Date.now()`. */
export interface RecordedRequest extends ScriptedRequest {
  headers: IncomingHttpHeaders
  at: number
  /** When the client closed the connection before the answer was complete; null otherwise. */
  closedAt: number | null
  complete: boolean
}

export interface ScriptedModel {
  url: string
  openaiBaseUrl: string
  anthropicBaseUrl: string
  requests: RecordedRequest[]
  /** Connections, idle ones too. */
  openSockets(): number
  /** Answers being written. */
  openStreams(): number
  on(event: 'request' | 'closed', listener: (request: RecordedRequest) => void): void
  /** Resolves at the next such event. */
  next(event: 'request' | 'closed'): Promise<RecordedRequest>
  setScript(script: Script): void
  close(): Promise<void>
}

const modelNames = ['scripted-large', 'scripted-small']

/** Starts it on 127.0.0.1, on a free port unless one is given. */
export async function startScriptedModel(
  options: { port?: number; script?: Script; models?: string[] } = {},
): Promise<ScriptedModel> {
  const { models = modelNames } = options
  let script = options.script ?? stepsFromDirectives
  const requests: RecordedRequest[] = []
  const seen = new Map<string, number>()
  const sockets = new Set<Socket>()
  const streams = new Set<ServerResponse>()
  const events = new EventEmitter()
  const pace = new Pace()

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => {
      outgoing.destroy(error instanceof Error ? error : undefined)
    })
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const path = new URL(incoming.url ?? '/', 'http://localhost').pathname
    if (path === '/state') return sendJson(outgoing, 200, { sockets: sockets.size, streams: streams.size })
    if (path === '/v1/models') return sendJson(outgoing, 200, listOf(models, incoming.headers))
    const protocol = ({ '/v1/chat/completions': 'openai', '/v1/messages': 'anthropic' } as const)[path]
    if (incoming.method !== 'POST' || protocol === undefined) return sendJson(outgoing, 404, { error: 'not found' })
    const text = await readBody(incoming)
    const repeat = seen.get(text) ?? 0
    seen.set(text, repeat + 1)
    const body = JSON.parse(text) as Record<string, unknown>
    const request: RecordedRequest = {
      ...readRequest(protocol, body),
      repeat,
      headers: incoming.headers,
      at: Date.now(),
      closedAt: null,
      complete: false,
    }
    requests.push(request)
    streams.add(outgoing)
    outgoing.on('finish', () => {
      request.complete = true
    })
    outgoing.on('close', () => {
      streams.delete(outgoing)
      if (request.complete) return
      request.closedAt = Date.now()
      events.emit('closed', request)
    })
    events.emit('request', request)
    const steps = script(request)
    if (body.stream === true) await stream(outgoing, request, steps)
    else await answerWhole(outgoing, request, steps)
  }

  async function answerWhole(outgoing: ServerResponse, request: RecordedRequest, steps: Step[]): Promise<void> {
    for (const step of steps) {
      if (step.type === 'fail') return sendFailure(outgoing, request.protocol, step)
      if (step.type === 'reset') return void outgoing.socket?.resetAndDestroy()
      if (step.type === 'stall') return
      if (step.type === 'wait') await sleep(step.ms)
    }
    sendJson(outgoing, 200, wholeAnswer(request.protocol, request.model, steps))
  }

  async function stream(outgoing: ServerResponse, request: RecordedRequest, steps: Step[]): Promise<void> {
    const options = request.body.stream_options as { include_usage?: boolean } | undefined
    const writer = wireWriter(request.protocol, request.model, options?.include_usage === true)
    let pieceBytes = 0
    let written = 0
    const write = async (frames: string | Buffer) => {
      if (!outgoing.headersSent) begin(outgoing)
      if (pieceBytes === 0) {
        if (!outgoing.write(frames) && !outgoing.destroyed) await drained(outgoing)
        return
      }
      const bytes = Buffer.from(frames)
      for (let start = 0; start < bytes.length; start += pieceBytes) {
        outgoing.write(bytes.subarray(start, start + pieceBytes))
        await turn()
      }
    }
    let started = false
    const start = async () => {
      if (!started) await write(writer.start())
      started = true
    }
    for (const step of steps) {
      if (outgoing.destroyed) return
      switch (step.type) {
        case 'text':
        case 'reasoning': {
          await start()
          const pieces = piecesOf(step.text)
          for (const piece of pieces) written += piece.length
          const frames = pieces.map((piece) => Buffer.from(writer[step.type](piece)))
          if (step.everyMs === undefined || step.everyMs <= 0) await write(Buffer.concat(frames))
          else await writePaced(outgoing, frames, step.everyMs, write)
          if (step.type === 'reasoning') await write(writer.endReasoning(step.signature))
          break
        }
        case 'tool-call':
          await start()
          await write(writer.toolCall(step))
          break
        case 'wait':
          await sleep(step.ms)
          break
        case 'stall':
          if (!outgoing.headersSent) begin(outgoing)
          return
        case 'reset':
          outgoing.socket?.resetAndDestroy()
          return
        case 'cut':
          if (!outgoing.headersSent) begin(outgoing)
          outgoing.end()
          return
        case 'raw':
          await write(step.bytes)
          break
        case 'split':
          pieceBytes = step.bytes
          break
        case 'fail':
          if (!outgoing.headersSent) return sendFailure(outgoing, request.protocol, step)
          await write(writer.failure(step.kind))
          outgoing.end()
          return
        case 'finish':
          await finish(step)
          return
      }
    }
    await finish({ type: 'finish' })

    async function finish(step: Parameters<WireWriter['finish']>[0]) {
      await start()
      await write(writer.finish(step, written))
      outgoing.end()
    }
  }

  async function writePaced(
    outgoing: ServerResponse,
    frames: Buffer[],
    everyMs: number,
    write: (frames: Buffer) => Promise<void>,
  ): Promise<void> {
    let next = 0
    let busy = false
    await new Promise<void>((resolve, reject) => {
      const stop = pace.every(everyMs, () => {
        if (busy && !outgoing.destroyed) return
        const frame = frames[next++]
        if (frame === undefined || outgoing.destroyed) {
          stop()
          resolve()
          return
        }
        busy = true
        write(frame).then(() => {
          busy = false
        }, reject)
      })
    })
  }

  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    openaiBaseUrl: `${url}/v1`,
    anthropicBaseUrl: url,
    requests,
    openSockets: () => sockets.size,
    openStreams: () => streams.size,
    on: (event, listener) => events.on(event, listener),
    async next(event) {
      const [request] = (await once(events, event)) as [RecordedRequest]
      return request
    },
    setScript(next) {
      script = next
    },
    async close() {
      pace.stop()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function begin(outgoing: ServerResponse): void {
  outgoing.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  outgoing.flushHeaders()
}

async function drained(outgoing: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      outgoing.off('drain', done).off('close', done)
      resolve()
    }
    outgoing.on('drain', done).on('close', done)
  })
}

function sendJson(outgoing: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

function sendFailure(outgoing: ServerResponse, protocol: WireProtocol, step: Extract<Step, { type: 'fail' }>): void {
  const headers = step.retryAfter === undefined ? {} : { 'retry-after': step.retryAfter }
  sendJson(outgoing, failures[step.kind].status, failureBody(protocol, step.kind), headers as Record<string, string>)
}

function listOf(models: string[], headers: IncomingHttpHeaders): unknown {
  if (headers['anthropic-version'] === undefined) {
    return {
      object: 'list',
      data: models.map((id) => ({ id, object: 'model', created: 1_760_000_000, owned_by: 'scripted' })),
    }
  }
  const data = models.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' }))
  return { data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

interface WireMessage {
  role: string
  content: unknown
}

/** The parts of a request that scripts go by, in either format. */
function readRequest(protocol: WireProtocol, body: Record<string, unknown>): Omit<ScriptedRequest, 'repeat'> {
  const messages = Array.isArray(body.messages) ? (body.messages as WireMessage[]) : []
  const isPerson = (message: WireMessage) => message.role === 'user' && textOf(message.content) !== ''
  const lastPerson = messages.findLastIndex(isPerson)
  const since = messages.slice(lastPerson + 1)
  const lastTurn = since.slice(since.findLastIndex((message) => message.role === 'assistant') + 1)
  const system = messages.filter((message) => message.role === 'system' || message.role === 'developer')
  return {
    protocol,
    model: String(body.model ?? ''),
    system:
      protocol === 'anthropic' ? textOf(body.system) : system.map((message) => textOf(message.content)).join('\n'),
    userText: unfenced(textOf(messages[lastPerson]?.content)),
    toolResults: lastTurn.flatMap(toolResultsOf).map(unfenced),
    turn: since.filter((message) => message.role === 'assistant').length,
    body,
  }
}

function toolResultsOf({ role, content }: WireMessage): string[] {
  if (role === 'tool') return [textOf(content)]
  if (!Array.isArray(content)) return []
  return content.flatMap((block: { type?: string; content?: unknown }) =>
    block.type === 'tool_result' ? [textOf(block.content)] : [],
  )
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .flatMap((block: { type?: string; text?: string }) => (block.type === 'text' ? [block.text ?? ''] : []))
    .join('\n')
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '4010' } } })
  const model = await startScriptedModel({ port: Number(values.port) })
  console.log(
    `The scripted model listens: OPENAI_BASE_URL=${model.openaiBaseUrl} ANTHROPIC_BASE_URL=${model.anthropicBaseUrl}`,
  )
}
