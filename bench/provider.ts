/**
 * A model server that costs next to nothing: OpenAI chat-completion chunks at a given pace, all streams on one timer.
 * The model's name says what to send: `chunks-<number>-every-<milliseconds>`. Prints its port; `/stats` tells how many
 * streams are open and how many chunks were sent.
 */
import { createServer, type ServerResponse } from 'node:http'

const tickMs = 10
const chunk = (content: string) =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'bench', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`
const word = Buffer.from(chunk(' twelve chars'))
const end = Buffer.from(
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'bench', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n` +
    `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'bench', choices: [], usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 } })}\n\ndata: [DONE]\n\n`,
)

interface Stream {
  response: ServerResponse
  left: number
  everyTicks: number
  nextTick: number
}

const streams = new Set<Stream>()
let sent = 0
let tick = 0
setInterval(() => {
  tick += 1
  for (const stream of streams) if (tick >= stream.nextTick) send(stream)
}, tickMs)

function send(stream: Stream): void {
  stream.response.write(word)
  sent += 1
  stream.left -= 1
  stream.nextTick = tick + stream.everyTicks
  if (stream.left > 0) return
  streams.delete(stream)
  stream.response.end(end)
}

const server = createServer((request, response) => {
  if (request.url === '/stats') {
    response.end(JSON.stringify({ open: streams.size, sent }))
    return
  }
  if (request.method === 'GET') {
    response.setHeader('content-type', 'application/json')
    // A provider that lists no models is asked for any.
    response.end(JSON.stringify({ object: 'list', data: [] }))
    return
  }
  let body = ''
  request.setEncoding('utf8').on('data', (text) => {
    body += text
  })
  request.on('end', () => {
    const [, count = '4', everyMs = '0'] = /chunks-(\d+)-every-(\d+)/.exec(body) ?? []
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const everyTicks = Math.round(Number(everyMs) / tickMs)
    // Spread over the interval, so that streams which begin together do not tick together.
    const stream = { response, left: Number(count), everyTicks, nextTick: tick + Math.ceil(Math.random() * everyTicks) }
    response.on('close', () => streams.delete(stream))
    if (everyTicks === 0) while (stream.left > 0) send(stream)
    else {
      streams.add(stream)
      send(stream)
      stream.nextTick = tick + 1 + Math.floor(Math.random() * everyTicks)
    }
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : null }))
})
