import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { type FixtureOptions, makeFixtureServer } from './mcp-tools.ts'

const script = fileURLToPath(new URL('./mcp-stdio-server.ts', import.meta.url))

/** How the program misbehaves; each is a mode of `mcp-stdio-server.ts`. */
export type StdioMode =
  | 'well'
  | 'old'
  | 'exits-at-discover'
  | 'hangs'
  | 'hangs-at-list'
  | 'crashes'
  | 'floods-stderr'
  | 'floods-notifications'
  | 'huge'
  | 'stubborn'

/** An entry of `mcpServers` that runs the fixture as a program. */
export function stdioFixture(mode: StdioMode = 'well', env: Record<string, string> = {}) {
  return { command: process.execPath, args: [script, mode], env }
}

export interface HttpFixture {
  url: string
  /** HTTP requests so far. */
  requests(): number
  /** From now on it has these tools, and says so. */
  change(options: FixtureOptions): void
  close(): Promise<void>
}

/**
 * The fixture in this process, over streamable HTTP on a free port. `token`: wants it as bearer token. `hangs`: takes
 * requests and never answers. `port`: this one.
 */
export async function startHttpFixture(
  options: FixtureOptions & { token?: string; hangs?: boolean; port?: number } = {},
): Promise<HttpFixture> {
  let current: FixtureOptions = { crash: () => server.closeAllConnections(), ...options }
  let requests = 0
  const handler = createMcpHandler(() => makeFixtureServer(current))
  const server = createServer((request, response) => {
    requests++
    if (options.hangs) return
    if (options.token !== undefined && request.headers.authorization !== `Bearer ${options.token}`) {
      response.writeHead(401, { 'www-authenticate': 'Bearer' }).end()
      return
    }
    answer(handler.fetch, request, response).catch((error: Error) => response.destroy(error))
  }).listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    requests: () => requests,
    change(changed) {
      current = { ...current, ...changed }
      handler.notify.toolsChanged()
    },
    async close() {
      await handler.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  outgoing.on('close', () => gone.abort())
  const body = incoming.method === 'POST' ? (Readable.toWeb(incoming) as ReadableStream) : undefined
  const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method: incoming.method ?? 'GET',
    headers: incoming.headers as Record<string, string>,
    signal: gone.signal,
    ...(body && { body, duplex: 'half' }),
  })
  const response = await handle(request)
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  if (!response.body) {
    outgoing.end()
    return
  }
  outgoing.flushHeaders()
  for await (const chunk of response.body) {
    if (outgoing.destroyed) return
    outgoing.write(chunk)
  }
  outgoing.end()
}
