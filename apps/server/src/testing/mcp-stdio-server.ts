import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { StdioMode } from './mcp-fixture.ts'

/**
 * An MCP server as a program of its own: `node mcp-stdio-server.ts [mode]`. In mode `well` it has the fixture's tools;
 * the other modes are hand-written, to misbehave in ways that no library would.
 */
const mode = (process.argv[2] ?? 'well') as StdioMode

interface Message {
  id?: number | string
  method?: string
  params?: { protocolVersion?: string; name?: string }
}

const send = (message: object) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)

const reply = (message: Message, result: object) => send({ id: message.id, result })

if (mode === 'well') {
  const { serveStdio } = await import('@modelcontextprotocol/server/stdio')
  const { makeFixtureServer } = await import('./mcp-tools.ts')
  const { NOTES_FILE: notesFile, ECHO_DESCRIPTION: description } = process.env
  serveStdio(() => makeFixtureServer({ ...(notesFile && { notesFile }), ...(description && { description }) }))
} else {
  if (mode === 'crashes') {
    process.stderr.write(`Cannot start: the key ${process.env.API_KEY} is not valid.\n`)
    process.exit(1)
  }
  if (mode === 'stubborn') {
    // Ends neither with its input nor when asked, and has a child that does not either.
    process.on('SIGTERM', () => undefined)
    spawn('/bin/sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'], { stdio: 'ignore' })
    setInterval(() => undefined, 1000)
  }
  if (mode === 'hangs') setInterval(() => undefined, 1000)
  if (mode === 'floods-stderr') flood(process.stderr, 'I have a lot to say about nothing at all. '.repeat(100))
  createInterface({ input: process.stdin }).on('line', (line) => answer(JSON.parse(line)))
}

function answer(message: Message): void {
  if (mode === 'hangs' || message.id === undefined) return
  switch (message.method) {
    case 'initialize':
      return void reply(message, {
        protocolVersion: message.params?.protocolVersion,
        capabilities: { tools: { listChanged: true } },
        serverInfo: { name: mode, version: '0.1.0' },
      })
    case 'tools/list':
      if (mode === 'hangs-at-list') return
      if (mode === 'floods-notifications') {
        const notification = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' }
        flood(process.stdout, `${JSON.stringify(notification)}\n`.repeat(100))
      }
      return void reply(message, {
        tools: [
          {
            name: 'hello',
            description: 'Says hello.',
            inputSchema: { type: 'object' },
            annotations: { readOnlyHint: true },
          },
        ],
      })
    case 'tools/call':
      if (mode === 'huge')
        return void reply(message, { content: [{ type: 'text', text: 'x'.repeat(60 * 1024 * 1024) }] })
      return void reply(message, {
        content: [
          { type: 'text', text: JSON.stringify({ hello: 'world', environment: Object.keys(process.env).sort() }) },
        ],
      })
    default:
      if (mode === 'exits-at-discover') process.exit(1)
      send({ id: message.id, error: { code: -32601, message: 'Method not found' } })
  }
}

/** As fast as it is read. */
function flood(stream: NodeJS.WriteStream, chunk: string): void {
  const write = () => {
    while (stream.write(chunk));
    stream.once('drain', write)
  }
  setImmediate(write)
}
