import { type Platform, perServer } from '../../platform/context.ts'
import { Connection } from './connection.ts'
import type { ServerSpec } from './types.ts'

/** All connections of this process, one for each server; made when first asked for. */
export class Connections {
  readonly #platform: Platform
  readonly #open = new Map<string, Connection>()
  readonly #ending = new Set<Promise<void>>()
  #closed = false

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /** The connection to a server that is switched on. A changed server gets a new one, in place of the old. */
  of(server: ServerSpec): Connection | undefined {
    const existing = this.#open.get(server.id)
    if (existing && (!server.enabled || server.revision > existing.spec.revision)) this.drop(server.id)
    else if (existing) return existing
    if (!server.enabled || this.#closed) return undefined
    const connection = new Connection(this.#platform, server, () => this.#announce(server))
    this.#open.set(server.id, connection)
    return connection
  }

  /** Ends the connection to a server that is gone or was changed. */
  drop(id: string): void {
    const connection = this.#open.get(id)
    if (!connection) return
    this.#open.delete(id)
    this.#announce(connection.spec)
    const ending = connection.close().finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }

  /** Ends and opens anew those over HTTP of a workspace whose hosts changed. */
  reopen(workspaceId: string): void {
    for (const connection of this.#open.values()) {
      const { spec } = connection
      if (spec.workspaceId === workspaceId && spec.transport === 'http') connection.reconnect({ drop: true })
    }
  }

  /** Ends them all; resolves when no program is left. */
  async close(): Promise<void> {
    this.#closed = true
    for (const id of [...this.#open.keys()]) this.drop(id)
    await Promise.all(this.#ending)
  }

  #announce({ workspaceId }: ServerSpec): void {
    const channel = workspaceId === null ? 'changes:all' : `changes:workspace:${workspaceId}`
    this.#platform.bus.publish(channel, { type: 'tools-changed' })
  }
}

export const connectionsOf = perServer((platform) => new Connections(platform))
