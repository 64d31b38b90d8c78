import pg from 'pg'
import type { Logger } from 'pino'

export interface Listener {
  close(): Promise<void>
}

interface ListenOptions {
  clientConfig: pg.ClientConfig
  log: Logger
  channel: string
  onNotification: (payload: string) => void
  onConnect: () => void
}

const longestWaitMs = 30_000

/** Listens until closed. The first connection has to succeed; later ones are tried again with growing pauses. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { clientConfig, log, channel, onNotification, onConnect } = options
  let closed = false
  let client: pg.Client | undefined
  let retry: NodeJS.Timeout | undefined
  let failures = 0

  const connect = async () => {
    const next = new pg.Client({ ...clientConfig, statement_timeout: undefined })
    next.on('error', (error) => log.warn({ err: error, channel }, 'The connection that listens broke.'))
    next.on('notification', (message) => {
      if (message.channel === channel) onNotification(message.payload ?? '')
    })
    client = next
    try {
      await next.connect()
      await next.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      await next.end()
      throw error
    }
    failures = 0
    next.once('end', again)
    onConnect()
  }
  const again = () => {
    if (closed) return
    const waitMs = Math.min(longestWaitMs, 250 * 2 ** failures++)
    retry = setTimeout(() => {
      connect().catch((error) => {
        log.warn({ err: error, channel }, 'Listening again failed.')
        again()
      })
    }, waitMs)
  }

  await connect()
  return {
    async close() {
      closed = true
      clearTimeout(retry)
      await client?.end()
    },
  }
}
