import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A wire to Redis that can go silent, be cut, and work again. */
export interface Line {
  port: number
  silence(): void
  cut(): void
  restore(): void
  close(): void
}

export async function startLine(to: URL): Promise<Line> {
  const open = new Set<Socket>()
  let state: 'working' | 'silent' | 'cut' = 'working'
  const server = createServer((near) => {
    if (state === 'cut') return near.destroy()
    const far = connect(Number(to.port || 6379), to.hostname)
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from)
      from.on('data', (bytes) => state !== 'silent' && into.write(bytes))
      from.on('close', () => into.destroy())
      from.on('error', () => into.destroy())
    }
    return undefined
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    state = 'cut'
    for (const socket of open) socket.destroy()
    open.clear()
  }
  return {
    port: (server.address() as { port: number }).port,
    silence: () => {
      state = 'silent'
    },
    cut,
    restore: () => {
      state = 'working'
    },
    close: () => {
      cut()
      server.close()
    },
  }
}
